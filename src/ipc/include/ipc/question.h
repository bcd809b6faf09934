/* What an operator can ask: `kind` of message question. Each names the filters that count and the
 * rows that its answer has, before answer_end; other filters must be zero or empty (E_SYNTAX).
 *
 * The reader applies role and owner scope to every one of them: an operator with a scope sees
 * devices of that owner and what belongs to them, and nothing else. */
#ifndef IPC_QUESTION_H
#define IPC_QUESTION_H

enum question {
    QUESTION_NONE = 0,
    QUESTION_PRODUCTS,     /* after, limit -> product_row */
    QUESTION_ANCHORS,      /* -> issuer_row of kind AUTHORITY_ANCHOR */
    QUESTION_DEVICES,      /* after, limit, product, owner, state, batch, serial_prefix; number: an
                              issuer, which they need -> device_row */
    QUESTION_DEVICE,       /* product, serial_number -> one device_row, its newest cert_rows and
                              finding_rows, foreign_rows, its newest entry_rows; verdict_row,
                              and for each check a judged_row with evidence_rows behind it */
    QUESTION_TIMELINE,     /* product, serial_number, after, limit -> entry_row, newest first */
    QUESTION_CERTIFICATES, /* after, limit, product, serial_number, state -> cert_row, no DER */
    QUESTION_CERTIFICATE,  /* serial -> one cert_row with its DER */
    QUESTION_FINDINGS,    /* after, limit, product, serial_number, owner, check, severity; number 1:
                             closed ones too -> finding_row */
    QUESTION_ISSUERS,     /* number: that one; else all, the first root first -> issuer_row */
    QUESTION_OPERATORS,   /* after, limit -> operator_row; admins only */
    QUESTION_STATUS,      /* -> operator_row of who asks, count_rows (question.h, QUESTION_COUNT_*),
                             finding_rows that wait for a person, webhook_rows in trouble */
    QUESTION_WEBHOOKS,    /* -> webhook_row */
    QUESTION_WEBHOOK_KEY, /* -> one webhook_key_row */
    QUESTION_CHECKPOINT,  /* -> one entry_row: `entry` is the tree's size, `body` the signed note */
    QUESTION_ENTRIES,     /* after, limit -> entry_row in order; nobody with a scope */
    QUESTION_APPROVALS,   /* after, limit; number 1: ended ones too -> approval_row, no body */
    QUESTION_APPROVAL,    /* number -> one approval_row with its body */
    QUESTION_TRANSFERS,   /* after, limit; number 1: ended ones too -> transfer_row, no body */
    QUESTION_TRANSFER,    /* number -> one transfer_row with its body */
    QUESTION_RECEIPT,     /* number -> receipt_row of a transfer that is done */
    QUESTION_FOREIGN,     /* after, limit, product, serial_number; serial: the certificate's ->
                             foreign_row, no DER */
    QUESTION_BULKS,       /* after, limit -> bulk_row; with a scope: one's own */
    QUESTION_BULK,        /* number -> one bulk_row */
    QUESTION_REHEARSE_ISSUER,  /* number -> rehearsal_row, rehearsal_parts, step_rows in order */
    QUESTION_REHEARSE_ANCHOR,  /* the same */
    QUESTION_REHEARSE_PRODUCT, /* product -> the same */
    QUESTION_FOREIGN_ONE,      /* number -> one foreign_row with its DER, its sighting_rows, newest
                                  first, and its finding_rows */
    QUESTION_DEBT,    /* limit, product, owner; by: trust/debt.h enum debt_by; at_s: an instant that
                         is over, 0 = now; since_s: 0 = no period -> debt_row, the total first,
                         then the greatest */
    QUESTION_CHECK,   /* product, serial_number, owner; number: so many open findings of each check,
                         the   oldest -> check_total, check_rows, the checkpoint's entry_row as that
                         of   QUESTION_CHECKPOINT (none before the first), finding_rows */
    QUESTION_GOLIVE,  /* product -> check_total of the product, then each golive_row behind its
                         golive_evidence; nobody with a scope */
    QUESTION_WAIVERS, /* after, limit, product; number 1: ended and expired ones too -> waiver_row
                       */
    QUESTION_MEASURES, /* -> measure rows, those of one name together */
    QUESTION_POLICIES, /* after, limit, product -> policy_row, the oldest first */
    QUESTION_POLICY,   /* product (none: the fleet's) -> the policy_rows that are in force for it,
                          setting_rows of every setting, then of every check */
    QUESTION_POLICY_DIFF, /* product (none: the fleet's), policy as in policy_set -> policy_changes,
                             one trial_row, trial_checks; nobody with a scope */
    QUESTION_BOUNDARIES,  /* after, limit; number 1: ended ones too -> boundary_row; nobody with a
                             scope */
    QUESTION_BOUNDARY,    /* name -> one boundary_row, its service_rows; nobody with a scope */
    QUESTION_BINDINGS,    /* after, limit; name: of this service; number 1: ended and expired ones
                             too -> binding_row */
    QUESTION_BINDING,     /* number -> one binding_row */
    QUESTION_COUNT
};

/* `source` of a setting_row: nobody said it, the fleet's policy, the product's or the product. */
#define POLICY_FROM_DEFAULT 0
#define POLICY_FROM_FLEET 1
#define POLICY_FROM_PRODUCT 2

/* `status` of a check_total: what is open and not waived. Nothing, something, something critical.
 */
#define CHECK_STATUS_OK 0
#define CHECK_STATUS_WARNING 1
#define CHECK_STATUS_CRITICAL 2

/* `what` of a count_row; `key` is the word of a device or certificate state, "TD-01", or one of the
 * two of the ledger and of the sweep that is under way. */
#define QUESTION_COUNT_DEVICES "devices"
#define QUESTION_COUNT_CERTIFICATES "certificates"
#define QUESTION_COUNT_FINDINGS "findings"
#define QUESTION_COUNT_LEDGER "ledger"
#define QUESTION_COUNT_SWEEP "sweep"
#define QUESTION_KEY_ENTRIES "entries"
#define QUESTION_KEY_LAST_AT "last_at_s"
#define QUESTION_KEY_LEFT "left"
#define QUESTION_KEY_BEGAN "began_s"

#endif
