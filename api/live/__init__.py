"""What happens, told while it happens: WebSocket and Server-Sent Events."""
