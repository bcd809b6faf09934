#include <app/key_cost.h>

#include <base/clock.h>
#include <crypto/start.h>
#include <crypto/verify.h>

struct trial {
    struct key *key;
    struct x509_key public_half;
    struct key_signature signature;
};

typedef enum result step(struct trial *trial, struct err *err);

static enum result sign_once(struct trial *trial, struct err *err)
{
    return key_sign(trial->key, bytes_text("troth"), &trial->signature, err);
}

static enum result verify_once(struct trial *trial, struct err *err)
{
    return verify_signature(&trial->public_half, key_sig_alg(trial->key), bytes_text("troth"),
                            key_signature_bytes(&trial->signature), err);
}

/* How often a second, by half of KEY_COST_MS. */
static enum result rate_of(step *once, struct trial *trial, int64_t *ret, struct err *err)
{
    int64_t began_us = clock_monotonic_us(), spent_us = 0, n = 0;

    while (spent_us < KEY_COST_MS * 1000 / 2) {
        TRY(once(trial, err));
        n++;
        spent_us = clock_monotonic_us() - began_us;
    }
    *ret = n * 1000000 / spent_us;
    return OK;
}

enum result key_cost_measure(enum key_kind kind, struct key_cost_rate *ret, struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;
    struct trial trial = {0};
    struct key_cost_rate rate;
    const char *why = NULL;

    TRY(crypto_start(err));
    TRY(key_generate(kind, &key, err));
    trial.key = key;
    if (!x509_read_spki(key_spki(key), &trial.public_half, &why))
        return err_set(err, E_BUG, "%s", why);
    TRY(rate_of(sign_once, &trial, &rate.signs_per_s, err));
    TRY(rate_of(verify_once, &trial, &rate.verifies_per_s, err));
    *ret = rate;
    return OK;
}

enum result key_cost_warn(enum key_kind kind, FILE *to, struct err *err)
{
    struct key_cost_rate here, p256;

    TRY(key_cost_measure(kind, &here, err));
    TRY(key_cost_measure(KEY_P256, &p256, err));
    fprintf(to,
            "WARNING: measured on this machine, a second of one processor signs %lld times with %s "
            "and verifies %lld;\nwith p256 it signs %lld and verifies %lld. Every certificate and "
            "CRL is one signature, every client chain one verification.\n",
            (long long)here.signs_per_s, key_kind_name(kind), (long long)here.verifies_per_s,
            (long long)p256.signs_per_s, (long long)p256.verifies_per_s);
    return OK;
}
