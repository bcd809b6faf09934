/* What the files of the command table share: rows that many commands have, and the parts of
 * commands that lie in a file of their own. Private to cli. */
#ifndef CLI_COMMANDS_PARTS_H
#define CLI_COMMANDS_PARTS_H

#include <cli/plan.h>

#define LIMIT                                                                                      \
    {                                                                                              \
        "--limit", VALUE_NUMBER, "N", false, "at most N rows"                                      \
    }
#define PRODUCT                                                                                    \
    {                                                                                              \
        "PRODUCT", VALUE_TEXT, NULL, true, "name of the product"                                   \
    }
#define SERIAL                                                                                     \
    {                                                                                              \
        "SERIAL", VALUE_TEXT, NULL, true, "serial number of the device"                            \
    }
#define OF_PRODUCT                                                                                 \
    {                                                                                              \
        "--product", VALUE_TEXT, "NAME", false, "of this product only"                             \
    }
#define OF_OWNER                                                                                   \
    {                                                                                              \
        "--owner", VALUE_TEXT, "NAME", false, "of this owner only"                                 \
    }
#define OF_SERIAL                                                                                  \
    {                                                                                              \
        "--serial", VALUE_TEXT, "SERIAL", false, "of this device only; wants --product"            \
    }

/* check.c */
extern const struct option_row check_options[];
extern const struct plan check;

/* rehearse.c */
extern const struct option_row rehearse_options[];
extern const struct plan rehearse;
/* verify.c */
extern const struct option_row verify_options[];
extern const struct plan verify_plan;

/* waiver.c */
extern const struct option_row waiver_add_options[], waiver_list_options[], waiver_end_options[];
extern const struct plan waiver_add, waiver_list, waiver_end;

/* boundary.c */
extern const struct option_row boundary_add_options[], boundary_list_options[],
    boundary_show_options[], boundary_set_options[], boundary_open_options[],
    boundary_remove_options[], binding_add_options[], binding_list_options[],
    binding_show_options[], binding_remove_options[];
extern const struct plan boundary_add, boundary_list, boundary_show, boundary_set,
    boundary_fail_open, boundary_remove, binding_add, binding_list, binding_show, binding_remove;

/* debt.c */
extern const struct option_row debt_options[];
extern const struct plan debt;

/* report.c */
extern const struct option_row report_options[];
extern const struct plan report;

/* release.c, keyset.c */
extern const struct option_row release_sign_options[], release_keygen_options[],
    keyset_make_options[], keyset_sign_options[], keyset_show_options[];
extern const struct plan release_sign, release_keygen, keyset_make, keyset_sign, keyset_show;

/* policy.c */
extern const struct option_row policy_set_options[], policy_diff_options[], policy_show_options[],
    policy_list_options[];
extern const struct plan policy_set, policy_diff, policy_show, policy_list;

/* issuer.c */
extern const struct option_row issuer_show_options[], issuer_add_options[], issuer_retire_options[];
extern const struct plan issuer_list, issuer_show, issuer_add, issuer_retire;

/* commands_people.c */
extern const struct option_row operator_add_options[], request_options[], renew_options[],
    operator_options[], role_options[], remove_options[], approver_options[], approval_options[],
    approval_sign_options[], approval_list_options[], transfer_release_options[],
    transfer_options[], transfer_step_options[], transfer_verify_options[], recover_options[],
    approval_root_options[], approval_show_options[];
extern const struct plan operator_add, operator_list, operator_request, operator_renew,
    operator_show, operator_role, operator_remove, approver, approval_list, approval_show,
    approval_sign, approval_withdraw, transfer_release, transfer_accept, transfer_abort,
    transfer_receipt, transfer_verify, transfer_list, transfer_show, operator_recover,
    approval_root;

#endif
