#include <trust/standing.h>

static int64_t sooner(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

static const struct {
    enum verdict verdict;
    const char *text;
    const char *change;
} causes[CAUSE_COUNT] = {
    [CAUSE_NONE] = {VERDICT_REFUSED, "it is no device", ""},
    [CAUSE_STATE] = {VERDICT_REFUSED, "nobody in this state is let in",
                     "expected: its first enrolment; lost: it is found; retired: a permit"},
    [CAUSE_QUARANTINED] = {VERDICT_QUARANTINED, "it is quarantined",
                           "a person readmits it; an automatic quarantine ends also when it "
                           "enrols by its first proof, with a new key"},
    [CAUSE_NO_CERTIFICATE] = {VERDICT_REFUSED, "no certificate of it is pending or current",
                              "it enrols by a first proof"},
    [CAUSE_ISSUER_ENDED] = {VERDICT_REFUSED, "the issuer of its certificate was retired",
                            "it enrols by a first proof"},
    [CAUSE_NOT_YET] = {VERDICT_REFUSED, "its certificate's time has not begun",
                       "the time of its certificate begins"},
    [CAUSE_VALID] = {VERDICT_TRUSTED, "its certificate is valid and no finding refuses it",
                     "its certificate ends, or somebody or a finding ends it"},
    [CAUSE_GRACE] = {VERDICT_GRACE, "its certificate has expired, within its product's grace",
                     "it renews with a new key, or the grace ends"},
    [CAUSE_EXPIRED] = {VERDICT_REFUSED, "its certificate has expired",
                       "it enrols by a first proof, or its product gives more grace"},
    [CAUSE_FINDING] = {VERDICT_REFUSED, "an open finding refuses it",
                       "the finding closes: its mend says how"},
};

const char *cause_text(enum verdict_cause cause)
{
    return causes[cause < CAUSE_COUNT ? cause : CAUSE_NONE].text;
}

const char *cause_change(enum verdict_cause cause)
{
    return causes[cause < CAUSE_COUNT ? cause : CAUSE_NONE].change;
}

/* The verdict hangs on state and times alone; `next_s` gets the instant that would change it. */
static enum verdict_cause cause_of(const struct facts *facts, const struct policy *policy,
                                   int64_t now_s, int64_t *next_s)
{
    if (facts->state == STATE_QUARANTINED)
        return CAUSE_QUARANTINED;
    if (facts->state != STATE_ENROLLED && facts->state != STATE_ACTIVE)
        return CAUSE_STATE;
    if (!certificate_is_live(facts->cert_state))
        return CAUSE_NO_CERTIFICATE;
    if (facts->is_issuer_ended)
        return CAUSE_ISSUER_ENDED;
    if (now_s < facts->not_before_s) {
        *next_s = sooner(*next_s, facts->not_before_s);
        return CAUSE_NOT_YET;
    }

    if (now_s <= facts->not_after_s) {
        *next_s = sooner(*next_s, facts->not_after_s + 1);
        return CAUSE_VALID;
    }
    if (certificate_is_in_grace(facts->cert_state, facts->not_after_s, policy, now_s)) {
        *next_s = sooner(*next_s, facts->not_after_s + policy->grace_s + 1);
        return CAUSE_GRACE;
    }
    return CAUSE_EXPIRED;
}

/* Nonsense: a condition of the future, or an instant to look again that is over. */
static bool is_sound(const struct opinion *opinion, int64_t now_s)
{
    return opinion->open <= YES && opinion->began_s <= now_s + BEGAN_SLACK_S &&
           (opinion->next_s == 0 || opinion->next_s > now_s) &&
           opinion->severity <= SEVERITY_CRITICAL;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void judge(struct standing *out, const struct check *check, const struct opinion *opinion,
                  int64_t now_s)
{
    if (!is_sound(opinion, now_s)) {
        out->failed |= UINT64_C(1) << check->number;
        return;
    }
    out->next_s = sooner(out->next_s, opinion->next_s);
    if (opinion->open != UNMEASURED)
        out->measured |= UINT64_C(1) << check->number;
    if (opinion->open != YES)
        return;
    bool is_raised = opinion->severity != SEVERITY_NONE;
    out->findings[out->n++] = (struct judged){
        .check = check,
        .began_s = earlier(opinion->began_s, now_s),
        .severity = is_raised ? opinion->severity : check->severity,
    };
}

/* Not in use yet, or no more: *ret_next_s gets when that begins. */
static bool is_out_of_use(const struct facts *facts, int64_t now_s, int64_t *ret_next_s)
{
    if (facts->in_use_until_s != 0 && now_s >= facts->in_use_until_s)
        return true;
    *ret_next_s = now_s < facts->in_use_from_s ? facts->in_use_from_s : facts->in_use_until_s;
    return now_s < facts->in_use_from_s;
}

/* Nobody owes for the time before somebody is known to use it, whatever a stranger's certificate
 * says of its beginning. */
static void begin_in_use(struct standing *out, const struct facts *facts)
{
    for (size_t i = 0; i < out->n; i++)
        if (out->findings[i].began_s < facts->in_use_from_s)
            out->findings[i].began_s = facts->in_use_from_s;
}

struct standing standing(const struct facts *facts, const struct policy *policy, int64_t now_s)
{
    struct standing out = {.n = 0};
    const struct check *check = NULL;
    if (facts->kind == SUBJECT_DEVICE)
        out.cause = cause_of(facts, policy, now_s, &out.next_s);
    out.verdict = causes[out.cause].verdict;
    if (facts->kind == SUBJECT_FOREIGN && is_out_of_use(facts, now_s, &out.next_s))
        return out;

    for (size_t i = 0; (check = check_at(i)) != NULL; i++) {
        if ((check->kinds & 1U << facts->kind) == 0)
            continue;
        struct opinion opinion = check->judge(facts, policy, now_s);
        judge(&out, check, &opinion, now_s);
    }
    begin_in_use(&out, facts);
    if (standing_refusing(&out, policy) != 0) { /* whatever else is known */
        out.cause = CAUSE_FINDING;
        out.verdict = VERDICT_REFUSED;
    }
    return out;
}

const struct judged *standing_finding(const struct standing *standing, int number)
{
    for (size_t i = 0; i < standing->n; i++)
        if (standing->findings[i].check->number == number)
            return &standing->findings[i];
    return NULL;
}

int standing_refusing(const struct standing *standing, const struct policy *policy)
{
    for (size_t i = 0; i < standing->n; i++)
        if (policy->effect[standing->findings[i].check->number] == EFFECT_REFUSE)
            return standing->findings[i].check->number;
    return 0;
}

bool standing_has(const struct standing *standing, int number)
{
    return standing_finding(standing, number) != NULL;
}

bool standing_failed(const struct standing *standing, int number)
{
    return (standing->failed >> number & 1) != 0;
}

bool standing_measured(const struct standing *standing, int number)
{
    return (standing->measured >> number & 1) != 0;
}

enum status certificate_status(enum cert_state state, enum device_state device)
{
    if (device == STATE_RETIRED || device == STATE_LOST)
        return STATUS_INVALID;
    if (certificate_is_replaced(state))
        return STATUS_SUPERSEDED;
    if (!certificate_is_live(state))
        return STATUS_INVALID;
    return device == STATE_QUARANTINED ? STATUS_SUSPENDED : STATUS_VALID;
}

bool certificate_is_live(enum cert_state state)
{
    return state == CERT_PENDING || state == CERT_CURRENT;
}

bool certificate_is_replaced(enum cert_state state)
{
    return state == CERT_SUPERSEDED || state == CERT_VOIDED;
}

bool certificate_repeats(enum cert_state state, int64_t not_before_s, int64_t not_after_s,
                         int64_t now_s)
{
    bool is_young = now_s - not_before_s < PAIR_REPEATS_S;
    return (state == CERT_PENDING || (state == CERT_CURRENT && is_young)) && now_s <= not_after_s;
}

bool certificate_use_is_fork(enum cert_state state, int64_t state_at_s, int64_t handshake_s)
{
    if (state == CERT_VOIDED)
        return true;
    return state == CERT_SUPERSEDED && handshake_s > state_at_s + FORK_AFTER_S;
}

bool certificate_is_in_grace(enum cert_state state, int64_t not_after_s,
                             const struct policy *policy, int64_t now_s)
{
    return certificate_is_live(state) && now_s > not_after_s &&
           now_s - not_after_s <= policy->grace_s;
}

bool certificate_use_is_late(enum cert_state state, int64_t not_after_s, int64_t now_s)
{
    return (state == CERT_PENDING || state == CERT_CURRENT) && now_s > not_after_s;
}

bool device_showed_key(enum proof proof)
{
    return proof == PROOF_REGISTERED;
}

bool device_can_prove(enum device_state state)
{
    return state == STATE_ENROLLED || state == STATE_ACTIVE;
}

/* Where each verb leads. A cell that is not here refuses. */
static const uint8_t edges[STATE_COUNT][VERB_COUNT] = {
    [STATE_EXPECTED] =
        {
            [VERB_ADMIT] = STATE_EXPECTED,
            [VERB_HOLD] = STATE_EXPECTED,
            [VERB_QUARANTINE] = STATE_QUARANTINED,
            [VERB_RETIRE] = STATE_RETIRED,
            [VERB_LOST] = STATE_LOST,
        },
    [STATE_ENROLLED] =
        {
            [VERB_QUARANTINE] = STATE_QUARANTINED,
            [VERB_REVOKE] = STATE_ENROLLED,
            [VERB_RETIRE] = STATE_RETIRED,
            [VERB_LOST] = STATE_LOST,
        },
    [STATE_ACTIVE] =
        {
            [VERB_QUARANTINE] = STATE_QUARANTINED,
            [VERB_REVOKE] = STATE_ACTIVE,
            [VERB_RETIRE] = STATE_RETIRED,
            [VERB_LOST] = STATE_LOST,
        },
    [STATE_QUARANTINED] =
        {
            [VERB_READMIT] = STATE_ACTIVE,
            [VERB_REVOKE] = STATE_QUARANTINED,
            [VERB_RETIRE] = STATE_RETIRED,
            [VERB_LOST] = STATE_LOST,
        },
    [STATE_LOST] =
        {
            [VERB_FOUND] = STATE_QUARANTINED,
            [VERB_RETIRE] = STATE_RETIRED,
        },
};

enum device_state device_edge(enum device_state from, enum device_verb verb)
{
    if (from >= STATE_COUNT || verb >= VERB_COUNT)
        return STATE_NONE;
    return (enum device_state)edges[from][verb];
}

enum device_state device_after_issue(enum device_state state)
{
    return state == STATE_ACTIVE ? STATE_ACTIVE : STATE_ENROLLED;
}

enum device_state device_after_readmit(bool was_ever_used, bool has_live)
{
    if (was_ever_used)
        return STATE_ACTIVE;
    return has_live ? STATE_ENROLLED : STATE_EXPECTED;
}

bool device_takes_token(enum device_state state, bool has_permit)
{
    return state == STATE_EXPECTED || state == STATE_ENROLLED ||
           (state == STATE_RETIRED && has_permit);
}

bool device_takes_permit(enum device_state state)
{
    return state == STATE_RETIRED;
}

bool device_can_move(enum device_state state)
{
    return state == STATE_EXPECTED || state == STATE_ENROLLED || state == STATE_ACTIVE;
}

enum device_state device_after_proof(enum device_state state)
{
    return state == STATE_ENROLLED ? STATE_ACTIVE : state;
}

bool device_takes_correction(enum device_state state)
{
    return state == STATE_EXPECTED;
}

bool device_is_kept_down(enum device_state state)
{
    return state == STATE_QUARANTINED || state == STATE_LOST || state == STATE_RETIRED;
}

bool device_is_tombstone(enum device_state state)
{
    return state == STATE_RETIRED;
}
