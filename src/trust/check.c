#include "checks/checks.h"

#include <base/result.h>

static const struct check table[] = {
    {1, SEVERITY_CRITICAL, EFFECT_QUARANTINE, "key-shared", "device",
     "enrolment, import: every requested key is looked up", "troth device quarantine",
     td01_key_shared},
    {2, SEVERITY_CRITICAL, EFFECT_QUARANTINE, "clone", "device",
     "handshakes here: use of a replaced certificate", "troth device quarantine", td02_clone},
    {3, SEVERITY_HIGH, EFFECT_NONE, "shared-credential", "device",
     "enrolment: the credential that was shown", "troth-agent enrol", td03_shared_credential},
    {4, SEVERITY_HIGH, EFFECT_NONE, "bootstrap-alive", "device",
     "troth token add, and the device's first use of its certificate", "troth device retire",
     td04_bootstrap_alive},
    {6, SEVERITY_HIGH, EFFECT_NONE, "proof-too-weak", "device",
     "enrolment: the proof that was shown, against the product", "troth-agent enrol",
     td06_proof_too_weak},
    {8, SEVERITY_MEDIUM, EFFECT_NONE, "renewal-deferred", "device",
     "issuing: the certificate's own times", "troth-agent renew", td08_renewal_deferred},
    {9, SEVERITY_HIGH, EFFECT_NONE, "expired-in-use", "device",
     "handshakes here and renewals under grace", "troth-agent enrol", td09_expired_in_use},
    {12, SEVERITY_CRITICAL, EFFECT_REFUSE, "weak-key", "device",
     "signer: key quality of every request", "troth-agent renew", td12_weak_key},
    {14, SEVERITY_MEDIUM, EFFECT_NONE, "superseded-alive", "device",
     "publishing: the CRL that names the old certificate", "troth check", td14_superseded_alive},
    {17, SEVERITY_CRITICAL, EFFECT_NONE, "zombie", "device",
     "retire and lost: certificates, tokens and permits that remain", "troth device retire",
     td17_zombie},
    {CHECK_KEY_CUSTODY, SEVERITY_HIGH, EFFECT_NONE, "key-custody", "installation",
     "start: a part of the sandbox that the configuration refuses", "troth config check", NULL},
    {CHECK_OUTSIDE_PROFILE, SEVERITY_HIGH, EFFECT_NONE, "outside-profile", "product",
     "enrolment: the hour's budgets of early renewals and of enrolments by claim",
     "troth finding close", NULL},
};

static const char *const severities[] = {"none", "low", "medium", "high", "critical"};
static const int weights[] = {0, 1, 2, 4, 8};

const struct check *check_find(int number)
{
    for (size_t i = 0; i < LENGTH_OF(table); i++)
        if (table[i].number == number)
            return &table[i];
    return NULL;
}

const struct check *check_at(size_t index)
{
    return index < LENGTH_OF(table) ? &table[index] : NULL;
}

const char *severity_word(enum severity severity)
{
    return severities[severity < LENGTH_OF(severities) ? severity : 0];
}

int severity_weight(enum severity severity)
{
    return weights[severity < LENGTH_OF(weights) ? severity : 0];
}

struct opinion opinion_since(struct since condition)
{
    return (struct opinion){.open = condition.known, .began_s = condition.at_s};
}
