"""Who may do what: every operation there is, the permission it needs, and whose object it is about. One line for each.

How far a role reaches with a permission says `application/shared/permissions.py`, served at `/api/v1/meta/permissions`. The third word:
`-` no object · `proof` what is sent proves who calls, and may be wrong · else the kind of object in the address, which for somebody
else's does not exist (404), unless the permission reaches all. `task-owner`: not shown to the node that works on it.
"""

from typing import Final

import msgspec

from tests.http.authorisation_of_sales import SALES

TABLE: Final = """
published_keys               public                -
permission_table             public                -
live                         public                -
live_under_health            public                -
ready                        public                -
ready_under_health           public                -
health                       public                -
metrics                      public                -
openid_configuration         public                -
oauth_authorization_server   public                -
ask_for_consent              public                proof
decide_on_consent            public                proof
exchange                     public                proof
introspect                   public                proof
revoke                       public                proof
sign_in_at_provider          public                -
come_back_from_provider      public                proof
userinfo                     public                proof
userinfo_by_post             public                proof

register                     public                -
log_in                       public                proof
verify_second_factor         public                proof
refresh_session              public                proof
log_out                      public                proof
verify_email                 public                -
ask_password_reset           public                -
reset_password               public                -
who_am_i                     self:read             -
my_account                   self:read             -
export_personal_data         self:read             -
rename_myself                self:write            -
erase_myself                 self:secure           -
ask_verification_again       self:write            -
ask_email_change             self:secure           -
change_password              self:secure           proof
put_password                 self:secure           proof
list_my_sessions             self:read             -
end_my_session               self:secure           session
end_my_sessions              self:secure           -
link_at_provider             self:secure           -
unlink_provider              self:secure           -
list_identities              self:secure           -
reauthenticate               self:secure           proof
set_up_second_factor         self:secure           -
enable_second_factor         self:secure           proof
disable_second_factor        self:secure           proof
renew_recovery_codes         self:secure           proof

list_users                   users:read            -
show_user                    users:read            user
create_user                  users:create          -
unmask_personal_data         users:unmask          user
reset_second_factor          users:manage          user
rename_user                  users:manage          user
erase_user                   users:manage          user
disable_user                 users:manage          user
enable_user                  users:manage          user
grant_role                   users:manage          user
revoke_role                  users:manage          user
list_sessions_of             sessions:manage       -
end_sessions_of              sessions:manage       user
end_session_of               sessions:manage       session
issue_api_key                api-keys:manage       -
list_api_keys                api-keys:manage       -
show_api_key                 api-keys:manage       api-key
rotate_api_key               api-keys:manage       api-key
revoke_api_key               api-keys:manage       api-key
list_oauth_clients           oauth-clients:manage  -
show_oauth_client            oauth-clients:manage  oauth-client
register_oauth_client        oauth-clients:manage  -
rotate_oauth_client_secret   oauth-clients:manage  oauth-client
remove_oauth_client          oauth-clients:manage  oauth-client
list_audit_trail             audit:read            -
list_events                  audit:read            -

list_tasks                   tasks:read            -
task_stats                   tasks:read            -
get_task                     tasks:read            task
task_history                 tasks:read            task-owner
task_activity                tasks:read            task-owner
task_difference              tasks:read            task-owner
task_versions_difference     tasks:read            task-owner
list_all_tasks               tasks:list-all        -
dashboard                    tasks:read            -
productivity_report          tasks:read            -
list_users_with_counts       users:read            -
project_stats                projects:read         project
project_burndown             projects:read         project
create_task                  tasks:create          -
edit_task                    tasks:edit            task
put_task                     tasks:edit            task
delete_task                  tasks:edit            task
delete_any_task              tasks:delete-any      task
retry_task                   tasks:edit            task
reopen_task                  tasks:edit            task
send_back_task               tasks:edit            task
move_task                    tasks:edit            task
add_assignee                 tasks:edit            task
remove_assignee              tasks:edit            task
add_watcher                  tasks:watch           task
remove_watcher               tasks:watch           task
batch_tasks                  tasks:work            -
change_task_status           tasks:work            task
heartbeat                    tasks:work            task
note_progress                tasks:work            task
assign_task                  tasks:assign          task
restore_task                 tasks:restore         task
collect_expired              tasks:expire          -
claim_tasks                  tasks:claim           -

list_filters                 tasks:filter          -
get_filter                   tasks:filter          task-filter
save_filter                  tasks:filter          -
change_filter                tasks:filter          task-filter
remove_filter                tasks:filter          task-filter

list_comments                tasks:read            task
get_comment                  tasks:read            comment
post_comment                 tasks:comment         task
edit_comment                 tasks:comment         comment
delete_comment               tasks:comment         comment

list_files                   files:read            task
get_file                     files:read            file
get_file_content             files:read            file
file_usage                   files:read            -
attach_file                  files:write           task
upload_file                  files:write           -
remove_file                  files:write           file

list_nodes                   nodes:read            -
get_node                     nodes:read            node
drain_node                   nodes:manage          node
resume_node                  nodes:manage          node
set_node_capacity            nodes:manage          node
see_node                     nodes:report          -

list_notifications           notifications:read    -
count_unread_notifications   notifications:read    -
get_notification             notifications:read    notification
read_notification            notifications:manage  notification
read_notification_by_post    notifications:manage  notification
read_all_notifications       notifications:manage  -
delete_notification          notifications:manage  notification
get_notification_preferences  notifications:read   -
put_notification_preferences  notifications:manage  -
request_export               exports:create        -
request_import               imports:create        -
list_jobs                    jobs:read             -
show_job                     jobs:read             job
list_job_errors              jobs:read             job
fetch_job_result             jobs:read             job
cancel_job                   jobs:read             job
download_job_result          public                -
list_projects                projects:read         -
get_project                  projects:read         project
list_project_members         projects:read         project
get_project_member           projects:read         project
project_activity             projects:read         project
project_history              projects:read         project
project_difference           projects:read         project
project_versions_difference  projects:read         project
create_project               projects:create       -
edit_project                 projects:manage       project
put_project                  projects:manage       project
delete_project               projects:manage       project
restore_project              projects:manage       project
change_project_status        projects:manage       project
archive_project              projects:manage       project
give_project                 projects:manage       project
add_project_member           projects:manage       project
change_project_member        projects:manage       project
remove_project_member        projects:read         project
invite_to_project            projects:manage       project
list_project_invitations     projects:manage       project
get_project_invitation       projects:manage       project-invitation
revoke_project_invitation    projects:manage       project-invitation
list_my_invitations          self:read             -
accept_invitation            self:write            invitation
decline_invitation           self:write            invitation
list_teams                   teams:read            -
get_team                     teams:read            team
list_team_members            teams:read            team
get_team_member              teams:read            team
list_team_projects           teams:read            team
list_projects_of_team        teams:read            team
team_activity                teams:read            team
create_team                  teams:create          -
edit_team                    teams:manage          team
put_team                     teams:manage          team
delete_team                  teams:manage          team
restore_team                 teams:manage          team
give_team                    teams:manage          team
add_team_member              teams:manage          team
change_team_member           teams:manage          team
remove_team_member           teams:read            team
invite_to_team               teams:manage          team
list_team_invitations        teams:manage          team
get_team_invitation          teams:manage          team-invitation
revoke_team_invitation       teams:manage          team-invitation
issue_live_ticket            live:connect          -
follow_live                  live:connect          -
"""


ENDS: Final = frozenset(
    {"log_out", "end_my_sessions", "erase_myself", "change_password", "put_password", "enable_second_factor", "disable_second_factor"}
)
"""What can end the session that asks it, or the account: to be asked by somebody new each time."""


READS: Final = {"order": "orders:read"}
"""What shows objects of a kind, where some see all of them who may not do everything to them: these are told so (403), not that it is not there."""


class Rule(msgspec.Struct, frozen=True):
    """A line of the table."""

    operation: str
    permission: str
    object: str


RULES: Final = {rule.operation: rule for rule in (Rule(*line.split()) for line in (TABLE + SALES).splitlines() if line)}
