/* Commands about people and what they sign: operators, approvals, transfers of ownership. */
#include <cli/actions.h>

#include "commands_parts.h"

/* ---- operators --------------------------------------------------------------------------------
 */

const struct option_row operator_add_options[] = {
    {"NAME", VALUE_TEXT, NULL, true, "name of the operator"},
    {"--role", VALUE_CHOICE, "viewer|operator|admin", true, "what he may do"},
    {"--scope", VALUE_TEXT, "OWNER", false, "owner whose devices he sees (default: all)"},
    {"--csr", VALUE_FILE, "FILE", true, "his request, PEM, made where his key stays"},
    {"--out", VALUE_FILE, "FILE", false, "where the certificate goes (default: standard output)"},
    DRY_RUN,
    {0},
};
static const struct field operator_add_fields[] = {
    {"NAME", PLACE_TEXT, "name"},
    {"--role", PLACE_TEXT, "role"},
    {"--scope", PLACE_TEXT, "scope"},
    {"--csr", PLACE_FILE, "csr"},
    DRY_RUN_FIELD,
    {0},
};
static const struct column operator_columns[] = {
    {"ID", "id"},
    {"OPERATOR", "name"},
    {"ROLE", "role"},
    {"SCOPE", "scope"},
    {"ACTIVE", "active"},
    {"APPROVER", "approver"},
    {0},
};
const struct plan operator_add = {action_operator_add, "/api/v1/operators", operator_add_fields,
                                  NULL, NULL};
const struct plan operator_list = {plan_list, "/api/v1/operators", NULL, operator_columns, NULL};

const struct option_row request_options[] = {
    {"NAME", VALUE_TEXT, NULL, true, "your name as an operator to be"},
    {"--out", VALUE_FILE, "FILE", false, "where the request goes (default: standard output)"},
    {0},
};
const struct plan operator_request = {.run = action_operator_request};
const struct option_row renew_options[] = {
    {"--same-key", VALUE_NONE, NULL, false, "keep the key; an approver does in any case"},
    {0},
};
const struct plan operator_renew = {.run = action_operator_renew};
const struct option_row operator_options[] = {
    {"NAME", VALUE_TEXT, NULL, true, "name of the operator"},
    {0},
};
const struct plan operator_show = {action_named_show, "/api/v1/operators", NULL, operator_columns,
                                   NULL};
const struct option_row role_options[] = {
    {"OPERATOR", VALUE_NUMBER, NULL, true, "his ID: `troth operator list`"},
    {"--role", VALUE_CHOICE, "viewer|operator|admin", false, "what he may do"},
    {"--scope", VALUE_TEXT, "OWNER", false, "owner whose devices he sees; empty: all"},
    DRY_RUN,
    {0},
};
static const struct field role_fields[] = {
    {"--role", PLACE_TEXT, "role"},
    {"--scope", PLACE_TEXT, "scope"},
    DRY_RUN_FIELD,
    {0},
};
const struct plan operator_role = {plan_change, "/api/v1/operators/{OPERATOR}", role_fields, NULL,
                                   "operator {OPERATOR} changed"};
const struct option_row remove_options[] = {
    {"OPERATOR", VALUE_NUMBER, NULL, true, "his ID: `troth operator list`"},
    DRY_RUN,
    {0},
};
static const struct field remove_fields[] = {DRY_RUN_FIELD, {0}};
const struct plan operator_remove = {plan_change, "/api/v1/operators/{OPERATOR}/remove",
                                     remove_fields, NULL, "operator {OPERATOR} removed"};
const struct option_row recover_options[] = {
    {"OPERATOR", VALUE_NUMBER, NULL, true, "his ID: `troth operator list`"},
    {"--csr", VALUE_FILE, "FILE", true,
     "his request over a new key, PEM: `troth operator request`"},
    {"--out", VALUE_FILE, "FILE", false, "where the certificate goes (default: standard output)"},
    {"--bytes", VALUE_FILE, "FILE", false, "where the bytes go that are to be signed"},
    {"--socket", VALUE_FILE, "PATH", false,
     "when no other admin is there: the server's local socket, and the root's key must sign"},
    {"--approval", VALUE_NUMBER, "N", false, "with --root-signature: the request's number"},
    {"--root-signature", VALUE_FILE, "FILE", false, "with --socket: what the root's key signed"},
    DRY_RUN,
    {0},
};
static const struct field recover_fields[] = {{"--csr", PLACE_FILE, "csr"}, DRY_RUN_FIELD, {0}};
const struct plan operator_recover = {
    action_operator_recover, "/api/v1/operators/{OPERATOR}/recover", recover_fields, NULL, NULL};
const struct option_row approver_options[] = {
    {"OPERATOR", VALUE_NUMBER, NULL, true, "his number in `troth operator list`"},
    {"STATE", VALUE_CHOICE, "on|off", true, "may he approve what takes two people?"},
    {0},
};
const struct plan approver = {.run = action_approver,
                              .path = "/api/v1/operators/{OPERATOR}/approver"};

/* ---- acts of two people ------------------------------------------------------------------------
 */

const struct option_row approval_options[] = {
    {"APPROVAL", VALUE_NUMBER, NULL, true, "number of the request"},
    {0},
};
const struct option_row approval_show_options[] = {
    {"APPROVAL", VALUE_NUMBER, NULL, true, "number of the request"},
    {"--bytes", VALUE_FILE, "FILE", false, "where the bytes go, to be signed elsewhere"},
    {0},
};
const struct option_row approval_root_options[] = {
    {"APPROVAL", VALUE_NUMBER, NULL, true, "number of the request"},
    {"SIGNATURE", VALUE_FILE, NULL, true, "what `troth approval sign --root-key` wrote"},
    {0},
};
const struct plan approval_root = {.run = action_approval_root,
                                   .path = "/api/v1/approvals/{APPROVAL}/root"};
const struct option_row approval_sign_options[] = {
    {"APPROVAL", VALUE_NUMBER, NULL, false, "its number in `troth approval list`"},
    {"--file", VALUE_FILE, "FILE", false, "the bytes of a request in a file, without a server"},
    {"--out", VALUE_FILE, "FILE", false, "with --file: where key hash and signature go"},
    {"--root-key", VALUE_FILE, "FILE", false,
     "with --file: sign with the root's key, which carries a recovery; --out gets the signature"},
    {"--root-passphrase-file", VALUE_FILE, "FILE", false, "of the root's key"},
    {0},
};
const struct option_row approval_list_options[] = {
    {"--all", VALUE_CHOICE, "true|false", false, "also those that ended"},
    LIMIT,
    {0},
};
static const struct field approval_list_fields[] = {{"--all", PLACE_QUERY, "all"}, {0}};
static const struct column approval_columns[] = {
    {"APPROVAL", "id"},
    {"KIND", "kind"},
    {"STATE", "state"},
    {"ASKED BY", "requester"},
    {"EXPIRES", "expires"},
    {"SIGNED BY", "signers"},
    {0},
};
const struct plan approval_list = {plan_list, "/api/v1/approvals", approval_list_fields,
                                   approval_columns, NULL};
const struct plan approval_show = {.run = action_approval_show, .columns = approval_columns};
const struct plan approval_sign = {.run = action_approval_sign};
const struct plan approval_withdraw = {plan_change, "/api/v1/approvals/{APPROVAL}/withdraw", NULL,
                                       NULL, "approval {APPROVAL} withdrawn"};

/* ---- transfer of ownership ----------------------------------------------------------------------
 */

const struct option_row transfer_release_options[] = {
    PRODUCT,
    SERIAL,
    {"--to", VALUE_TEXT, "OWNER", true, "the next owner, whose people must accept"},
    {"--ttl", VALUE_DURATION, "TIME", false, "how long it may be accepted (default 7d)"},
    DRY_RUN,
    {0},
};
static const struct field transfer_release_fields[] = {
    {"PRODUCT", PLACE_TEXT, "product"},
    {"SERIAL", PLACE_TEXT, "serial"},
    {"--to", PLACE_TEXT, "to"},
    {"--ttl", PLACE_NUMBER, "ttl_s"},
    DRY_RUN_FIELD,
    {0},
};
const struct option_row transfer_options[] = {
    {"TRANSFER", VALUE_NUMBER, NULL, true, "its number in `troth transfer list`"},
    {0},
};
const struct option_row transfer_step_options[] = {
    {"TRANSFER", VALUE_NUMBER, NULL, true, "its number in `troth transfer list`"},
    DRY_RUN,
    {0},
};
const struct option_row transfer_verify_options[] = {
    {"FILE", VALUE_FILE, NULL, true, "what `troth transfer receipt TRANSFER --json` printed"},
    {0},
};
static const struct field transfer_step_fields[] = {DRY_RUN_FIELD, {0}};
static const struct column transfer_columns[] = {
    {"TRANSFER", "id"},
    {"PRODUCT", "product"},
    {"SERIAL", "serial"},
    {"FROM", "from"},
    {"TO", "to"},
    {"STATE", "state"},
    {"EXPIRES", "expires"},
    {"RELEASED BY", "released_by"},
    {"ACCEPTED BY", "accepted_by"},
    {0},
};
const struct plan transfer_release = {action_transfer_release, "/api/v1/transfers",
                                      transfer_release_fields, NULL, NULL};
const struct plan transfer_accept = {.run = action_transfer_accept,
                                     .path = "/api/v1/transfers/{TRANSFER}"};
const struct plan transfer_abort = {plan_change, "/api/v1/transfers/{TRANSFER}/abort",
                                    transfer_step_fields, NULL, "transfer {TRANSFER} aborted"};
const struct plan transfer_receipt = {.run = action_transfer_receipt,
                                      .path = "/api/v1/transfers/{TRANSFER}/receipt"};
const struct plan transfer_verify = {.run = action_transfer_verify};
const struct plan transfer_list = {plan_list, "/api/v1/transfers", approval_list_fields,
                                   transfer_columns, NULL};
const struct plan transfer_show = {plan_show, "/api/v1/transfers/{TRANSFER}", NULL,
                                   transfer_columns, NULL};
