"""The lines of `authorisation.py` about what is sold, ordered and paid."""

from typing import Final

SALES: Final = """
list_products                public                -
get_product                  public                product
add_product                  products:write        -
edit_product                 products:write        product
put_product                  products:write        product
delete_product               products:write        product
get_stock                    stock:read            product
receive_stock                products:write        product
adjust_stock                 products:write        product
list_stock_movements         stock:read            product

summarise_orders             orders:list-all       -
list_orders                  orders:read           -
get_order                    orders:read           order
list_order_events            orders:read           order
list_all_orders              orders:list-all       -
place_order                  orders:place          -
cancel_order                 orders:change         order
pay_order                    orders:change         order
refund_order                 orders:refund         order
refund_any_order             orders:refund         order
ship_order                   orders:fulfil         order
deliver_order                orders:fulfil         order
resume_order                 orders:resume         order

list_payments                payments:read         -
get_payment                  payments:read         payment
tell_payment                 public                proof
show_trial_balance           ledger:read           -
list_ledger_entries          ledger:read           -
"""
