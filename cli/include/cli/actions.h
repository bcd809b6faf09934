/* Commands with a shape of their own, one file a subject. Each is the `run` of a plan. */
#ifndef CLI_ACTIONS_H
#define CLI_ACTIONS_H

#include <cli/plan.h>

#define CLI_ACTION(name)                                                                           \
    MUST_USE enum result name(struct session *session, const struct plan *plan, struct err *err)

/* Modes of trothd that need no running server: executed with what follows, never returns on
 * success. `plan->path` is the mode: "init". */
CLI_ACTION(action_trothd);

CLI_ACTION(action_backup); /* trothd makes or verifies it, the server is told */

CLI_ACTION(action_demo); /* script/demo, of the source tree or as it was installed */

CLI_ACTION(action_login);            /* writes the profile after the server knew the operator */
CLI_ACTION(action_bootstrap);        /* first operator, over the local socket */
CLI_ACTION(action_operator_add);     /* certificate for another operator's request */
CLI_ACTION(action_operator_request); /* key and request of a person to be, made where he is */
CLI_ACTION(action_operator_renew);   /* a new certificate, and the profile that names it */
CLI_ACTION(action_whoami);
CLI_ACTION(action_logout);           /* the profile goes, its files stay */
CLI_ACTION(action_named_show);       /* one of the list */
CLI_ACTION(action_device_show);      /* the device, its certificates, findings, timeline */
CLI_ACTION(action_device_end);       /* retire, revoke: one device or many */
CLI_ACTION(action_cut);              /* quarantine, lost: what it touches, and boundaries' times */
CLI_ACTION(action_import);           /* CSV; faults by line */
CLI_ACTION(action_foreign_import);   /* the same of another CA's list */
CLI_ACTION(action_cert_scan);        /* looks at TLS servers, uploads what it saw */
CLI_ACTION(action_cert_list);        /* ours, or with --foreign those of other CAs */
CLI_ACTION(action_token_add);        /* the token alone on stdout, for a file */
CLI_ACTION(action_boundary_enrols);  /* the outcome, and the one command that enrols it */
CLI_ACTION(action_boundary_show);    /* with its services */
CLI_ACTION(action_issuer_show);      /* details and PEM, or the devices that need it */
CLI_ACTION(action_issuer_retire);    /* when nobody needs it, or by two people */
CLI_ACTION(action_cert_show);        /* details, then the PEM */
CLI_ACTION(action_status);           /* counts, and what is owed, oldest first */
CLI_ACTION(action_rehearse);         /* what would be without it; changes nothing */
CLI_ACTION(action_golive);           /* four questions; exit status 0, 3 or 4 */
CLI_ACTION(action_check_backup);     /* trothd check, with the file that was named */
CLI_ACTION(action_check);            /* exit status 0, 3 or 4 */
CLI_ACTION(action_debt);             /* what is owed, in weighted days */
CLI_ACTION(action_report);           /* a control pack, answered by the checks */
CLI_ACTION(action_checkpoint);       /* the signed note as it is */
CLI_ACTION(action_policy_set);       /* the file as texts; refusals with its lines */
CLI_ACTION(action_policy_diff);      /* a file against what is in force; exit status 3: differs */
CLI_ACTION(action_policy_show);      /* what is in force, and who says so */
CLI_ACTION(action_approval_show);    /* what exactly will run, and who signed it */
CLI_ACTION(action_approval_sign);    /* shows it, signs it, tells what became of it */
CLI_ACTION(action_approver);         /* a request to make somebody an approver */
CLI_ACTION(action_operator_recover); /* certificate over a new key, by others */
CLI_ACTION(action_approval_root);    /* the root's signature, made elsewhere */
CLI_ACTION(action_transfer_release); /* asks, shows, signs */
CLI_ACTION(action_transfer_accept);  /* shows, signs */
CLI_ACTION(action_transfer_receipt); /* fetches, verifies, shows */
CLI_ACTION(action_transfer_verify);  /* of a file, without a server */
CLI_ACTION(action_verify);           /* a checklist; exit status 0 or 1 */
CLI_ACTION(action_release_sign);     /* an envelope around an image, or a signature more */
CLI_ACTION(action_release_keygen);   /* an LMS key as a folder */
CLI_ACTION(action_keyset_make);
CLI_ACTION(action_keyset_sign);
CLI_ACTION(action_keyset_show);
CLI_ACTION(action_help_error); /* a row of the error catalogue */

#endif
