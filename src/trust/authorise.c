#include <trust/authorise.h>

/* How a cell of the table answers. Zero refuses. */
enum rule {
    RULE_REFUSE = 0,
    RULE_FIRST,   /* a first enrolment by a proof that the product accepts */
    RULE_AGAIN,   /* an active device enrols anew: counted */
    RULE_REPROVE, /* out of an automatic quarantine by the original proof */
    RULE_PERMIT,  /* a tombstone: only with a permit */
    RULE_RENEW,   /* the current certificate renews itself */
    RULE_TELL,    /* proven, refused, and told why */
};

/* What a cell without a rule wants: some other cell. */
static const char nothing_else[] = "another credential, or a device in another state";

static const uint8_t rules[OPERATION_COUNT][CREDENTIAL_COUNT][STATE_COUNT] = {
    [OPERATION_ENROL] =
        {
            [CREDENTIAL_TOKEN] =
                {
                    [STATE_EXPECTED] = RULE_FIRST,
                    [STATE_ENROLLED] = RULE_FIRST,
                    [STATE_RETIRED] = RULE_PERMIT,
                },
            [CREDENTIAL_REGISTERED_CSR] =
                {
                    [STATE_EXPECTED] = RULE_FIRST,
                    [STATE_ENROLLED] = RULE_FIRST,
                    [STATE_RETIRED] = RULE_PERMIT,
                },
            [CREDENTIAL_REGISTERED_TLS] =
                {
                    [STATE_EXPECTED] = RULE_FIRST,
                    [STATE_ENROLLED] = RULE_FIRST,
                    [STATE_ACTIVE] = RULE_AGAIN,
                    [STATE_QUARANTINED] = RULE_REPROVE,
                    [STATE_LOST] = RULE_TELL,
                    [STATE_RETIRED] = RULE_PERMIT,
                },
            [CREDENTIAL_IDEVID] =
                {
                    [STATE_EXPECTED] = RULE_FIRST,
                    [STATE_ENROLLED] = RULE_FIRST,
                    [STATE_ACTIVE] = RULE_AGAIN,
                    [STATE_QUARANTINED] = RULE_REPROVE,
                    [STATE_LOST] = RULE_TELL,
                    [STATE_RETIRED] = RULE_PERMIT,
                },
        },
    [OPERATION_REENROL] =
        {
            [CREDENTIAL_LDEVID] =
                {
                    [STATE_ACTIVE] = RULE_RENEW,
                    [STATE_QUARANTINED] = RULE_TELL,
                    [STATE_LOST] = RULE_TELL,
                    [STATE_RETIRED] = RULE_TELL,
                },
        },
};

static const enum proof proofs[CREDENTIAL_COUNT] = {
    [CREDENTIAL_CLAIM] = PROOF_CLAIM,
    [CREDENTIAL_TOKEN] = PROOF_TOKEN,
    [CREDENTIAL_REGISTERED_CSR] = PROOF_REGISTERED,
    [CREDENTIAL_REGISTERED_TLS] = PROOF_REGISTERED,
    [CREDENTIAL_IDEVID] = PROOF_IDEVID,
};

enum proof credential_proof(enum credential credential)
{
    return credential < CREDENTIAL_COUNT ? proofs[credential] : PROOF_NONE;
}

bool credential_shows_possession(enum credential credential)
{
    return credential == CREDENTIAL_REGISTERED_TLS || credential == CREDENTIAL_IDEVID ||
           credential == CREDENTIAL_LDEVID;
}

static const char *const credential_words[CREDENTIAL_COUNT] = {
    [CREDENTIAL_NONE] = "none",
    [CREDENTIAL_CLAIM] = "claim",
    [CREDENTIAL_TOKEN] = "token",
    [CREDENTIAL_REGISTERED_CSR] = "registered key by CSR",
    [CREDENTIAL_REGISTERED_TLS] = "registered key on TLS",
    [CREDENTIAL_IDEVID] = "IDevID",
    [CREDENTIAL_LDEVID] = "LDevID",
    [CREDENTIAL_OPERATOR] = "operator",
};

const char *credential_word(enum credential credential)
{
    return credential_words[credential < CREDENTIAL_COUNT ? credential : CREDENTIAL_NONE];
}

const char *operation_word(enum operation operation)
{
    static const char *const words[OPERATION_COUNT] = {"nothing", "enrol", "renew"};
    return words[operation < OPERATION_COUNT ? operation : OPERATION_NONE];
}

static struct answer refuse(const struct ask *ask, enum code code, const char *wanted)
{
    return (struct answer){
        .decision = DECISION_REFUSE,
        .code = code,
        .wanted = wanted,
        .is_proven = credential_shows_possession(ask->credential),
    };
}

static struct answer issue(const struct ask *ask)
{
    return (struct answer){
        .decision = DECISION_ISSUE,
        .is_proven = credential_shows_possession(ask->credential),
        .uses_token = ask->credential == CREDENTIAL_TOKEN,
        .proof = credential_proof(ask->credential),
    };
}

static struct answer first(const struct ask *ask)
{
    uint32_t bit = 1U << credential_proof(ask->credential);
    if ((ask->product_proofs & bit) == 0)
        return refuse(ask, E_PROOF, "a proof that the product takes");
    if (ask->is_token_used && !ask->repeats)
        return refuse(ask, E_PROOF, "a token that is not used, or the key that used it");
    if (ask->hold) {
        struct answer wait = refuse(ask, E_WAITING, "a person's admit");
        wait.decision = DECISION_WAIT;
        return wait;
    }
    return issue(ask);
}

static struct answer again(const struct ask *ask)
{
    if (!ask->repeats && ask->enrols_this_year >= (int64_t)ask->enrols_a_year)
        return refuse(ask, E_ENROLS_TOO_OFTEN, "fewer enrolments in a year");
    struct answer answer = first(ask);
    answer.is_anew = answer.decision == DECISION_ISSUE;
    return answer;
}

static struct answer reprove(const struct ask *ask)
{
    if (!ask->is_quarantine_automatic || ask->is_proof_key_bad || ask->is_new_key_bad)
        return refuse(ask, E_QUARANTINED,
                      "an automatic quarantine, and keys that are not of its finding");
    struct answer answer = first(ask);
    answer.ends_quarantine = answer.decision == DECISION_ISSUE;
    return answer;
}

static struct answer by_permit(const struct ask *ask)
{
    if (!ask->has_permit)
        return refuse(ask, E_GONE, "an open permit");
    if (ask->is_old_board)
        return refuse(ask, E_GONE, "a proof of the new board, as the permit says");
    struct answer answer = first(ask);
    answer.uses_permit = answer.decision == DECISION_ISSUE;
    return answer;
}

/* The clock of a device that was off says nothing, its old key has been lying about: policy must
 * allow it, and the key must be one that it never had. */
static struct answer renew_late(const struct ask *ask)
{
    if (!ask->is_in_grace)
        return refuse(ask, E_EXPIRED, "a certificate within its time, or the product's grace");
    if (ask->is_new_key_bad && !ask->repeats)
        return refuse(ask, E_NEW_KEY, "a key that the device never had");
    struct answer answer = issue(ask);
    answer.is_under_grace = true;
    return answer;
}

static struct answer renew(const struct ask *ask)
{
    if (ask->is_certificate_replaced)
        return refuse(ask, E_SUPERSEDED, "its successor");
    if (!ask->is_certificate_live)
        return refuse(ask, E_GONE, "a certificate that is pending or current");
    return ask->is_certificate_expired ? renew_late(ask) : issue(ask);
}

static struct answer tell(const struct ask *ask)
{
    return ask->state == STATE_QUARANTINED ? refuse(ask, E_QUARANTINED, "a device in no quarantine")
                                           : refuse(ask, E_GONE, "a device that is active");
}

static struct answer by_rule(enum rule rule, const struct ask *ask)
{
    switch (rule) {
    case RULE_REFUSE:
        return refuse(ask, E_PROOF, nothing_else);
    case RULE_FIRST:
        return first(ask);
    case RULE_AGAIN:
        return again(ask);
    case RULE_REPROVE:
        return reprove(ask);
    case RULE_PERMIT:
        return by_permit(ask);
    case RULE_RENEW:
        return renew(ask);
    case RULE_TELL:
        return tell(ask);
    }
    return refuse(ask, E_PROOF, nothing_else);
}

struct answer authorise(const struct ask *ask)
{
    bool known = ask->operation < OPERATION_COUNT && ask->credential < CREDENTIAL_COUNT &&
                 ask->state < STATE_COUNT;
    if (!known)
        return (struct answer){.code = E_PROOF, .wanted = nothing_else};

    enum rule rule = (enum rule)rules[ask->operation][ask->credential][ask->state];
    struct answer answer = by_rule(rule, ask);
    if (answer.decision != DECISION_REFUSE && ask->is_key_compromised)
        return refuse(ask, E_KEY_REVOKED, "a key that was not revoked");
    if (answer.decision != DECISION_REFUSE && ask->is_key_elsewhere)
        return refuse(ask, E_KEY_SHARED, "a key of this device alone");
    bool is_old = ask->is_moving && ask->is_key_of_before && !ask->repeats;
    if (answer.decision != DECISION_REFUSE && is_old)
        return refuse(ask, E_TRANSFER_KEY, "a key that the owner before never had certified");
    if (answer.decision != DECISION_REFUSE && ask->refusing != 0)
        return refuse(ask, E_FINDING, "an end of that finding");
    return answer;
}
