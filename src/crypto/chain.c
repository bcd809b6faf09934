#include "chain_store.h"

#include <crypto/verify.h>
#include <wire/oid.h>
#include <wire/x509_name.h>

/* A chain as it came, and the path found in it. certs[path[0]] is the leaf; the issuer of the last
 * one is an authority, or that last one was verified before. */
struct chain {
    size_t n;
    struct x509_cert certs[LIMIT_CHAIN_CERTIFICATES];
    bool usable[LIMIT_CHAIN_CERTIFICATES]; /* read, and not in the path yet */
    size_t path[LIMIT_CHAIN_CERTIFICATES];
    size_t path_n;
};

static enum result read_chain(const struct bytes *ders, size_t n, struct chain *ret,
                              struct err *err)
{
    const char *why = NULL;

    if (n == 0)
        return err_set(err, E_PROOF, "the client sent no certificate");
    if (n > LIMIT_CHAIN_CERTIFICATES)
        return err_set(err, E_CERTIFICATE, "%zu certificates in a chain, at most %d are taken", n,
                       LIMIT_CHAIN_CERTIFICATES);
    if (!x509_read_cert(ders[0], &ret->certs[0], &why))
        return err_set(err, E_CERTIFICATE, "the client's certificate: %s", why);
    /* What cannot be read among the others (an old root of version 1) is as if it had not come. */
    for (size_t i = 1; i < n; i++)
        ret->usable[i] = x509_read_cert(ders[i], &ret->certs[i], &why);
    ret->n = n;
    ret->path_n = 1;
    return OK;
}

static bool is_self_issued(const struct x509_cert *cert)
{
    return x509_name_equal(cert->subject, cert->issuer);
}

/* ---- rules: NULL or what is broken ------------------------------------------------------------
 */

typedef const char *rule(const struct x509_cert *cert);

static const char *rule_critical(const struct x509_cert *cert)
{
    return cert->unknown_critical ? "RFC 5280 4.2: an unknown critical extension" : NULL;
}

static const char *rule_name_constraints(const struct x509_cert *cert)
{
    return cert->has & X509_EXT_NAME_CONSTRAINTS
               ? "RFC 5280 4.2.1.10: name constraints are not supported"
               : NULL;
}

static const char *rule_eku(const struct x509_cert *cert)
{
    if (!(cert->has & X509_EXT_EKU) || (cert->eku & (X509_EKU_CLIENT_AUTH | X509_EKU_ANY)))
        return NULL;
    return "RFC 5280 4.2.1.12: extendedKeyUsage lacks clientAuth";
}

static const char *rule_leaf_is_no_ca(const struct x509_cert *cert)
{
    return cert->is_ca ? "RFC 5280 4.2.1.9: a CA certificate is no client's" : NULL;
}

static const char *rule_leaf_usage(const struct x509_cert *cert)
{
    if (!(cert->has & X509_EXT_KEY_USAGE) || (cert->key_usage & X509_KU_DIGITAL_SIGNATURE))
        return NULL;
    return "RFC 5280 4.2.1.3: keyUsage lacks digitalSignature";
}

static const char *rule_ca(const struct x509_cert *cert)
{
    return cert->is_ca ? NULL : "RFC 5280 4.2.1.9: the issuer is no CA";
}

static const char *rule_ca_usage(const struct x509_cert *cert)
{
    if (!(cert->has & X509_EXT_KEY_USAGE) || (cert->key_usage & X509_KU_KEY_CERT_SIGN))
        return NULL;
    return "RFC 5280 4.2.1.3: the issuer's keyUsage lacks keyCertSign";
}

static rule *const leaf_rules[] = {rule_critical, rule_name_constraints, rule_eku,
                                   rule_leaf_is_no_ca, rule_leaf_usage};
static rule *const ca_rules[] = {rule_critical, rule_name_constraints, rule_eku, rule_ca,
                                 rule_ca_usage};

static enum result apply(rule *const *rules, size_t n, const struct x509_cert *cert,
                         const char *whose, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        const char *why = rules[i](cert);
        if (why != NULL)
            return err_set(err, E_CERTIFICATE, "%s: %s", whose, why);
    }
    return OK;
}

/* ---- upwards: from the leaf to something that is trusted ---------------------------------------
 */

/* Appends the issuer of the path's last certificate from among those that came. */
static bool path_extend(struct chain *chain)
{
    const struct x509_cert *last = &chain->certs[chain->path[chain->path_n - 1]];

    for (size_t i = 1; i < chain->n; i++) {
        if (!chain->usable[i] || !chain_is_issued_by(last, &chain->certs[i]))
            continue;
        chain->usable[i] = false;
        chain->path[chain->path_n++] = i;
        return true;
    }
    return false;
}

static struct chain_state state_below(const struct chain_end *end)
{
    int limit = end->cert.path_len;

    return (struct chain_state){
        .end = end,
        .allowed = limit >= 0 && limit < PATH_UNLIMITED ? limit : PATH_UNLIMITED,
        .not_before_s = end->cert.not_before_s,
        .not_after_s = end->cert.not_after_s,
    };
}

/* Is the path's last certificate an intermediate that was verified before? It leaves the path. */
static bool path_recall(struct chain_store *store, struct chain *chain, struct chain_state *ret)
{
    uint8_t hash[SHA256_N];
    size_t last = chain->path_n - 1;

    if (last == 0)
        return false;
    sha256(chain->certs[chain->path[last]].whole, hash);
    const struct chain_state *known = chain_store_recall(store, hash);
    if (known == NULL)
        return false;
    *ret = *known;
    chain->path_n--;
    return true;
}

/* The path, every signature in it verified; `ret` is the state from which to walk down. */
static enum result path_find(struct chain_store *store, struct chain *chain,
                             struct chain_state *ret, struct err *err)
{
    do {
        if (path_recall(store, chain, ret))
            return OK;
        const struct x509_cert *last = &chain->certs[chain->path[chain->path_n - 1]];
        const struct chain_end *end = chain_store_issuer(store, last);
        if (end != NULL) {
            *ret = state_below(end);
            return OK;
        }
    } while (path_extend(chain));
    return err_set(err, E_PROOF, "the chain ends in no authority that is known here");
}

/* ---- downwards: RFC 5280 6.1.3 and 6.1.4 -------------------------------------------------------
 */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static enum result step_down(const struct x509_cert *cert, struct chain_state *state,
                             struct err *err)
{
    TRY(apply(ca_rules, LENGTH_OF(ca_rules), cert, "an intermediate certificate", err));
    if (!is_self_issued(cert) && --state->allowed < 0)
        return err_set(err, E_CERTIFICATE, "RFC 5280 4.2.1.9: the path is longer than allowed");
    if (cert->path_len >= 0 && cert->path_len < state->allowed)
        state->allowed = cert->path_len;
    state->not_before_s = later(state->not_before_s, cert->not_before_s);
    state->not_after_s = -later(-state->not_after_s, -cert->not_after_s);
    return OK;
}

static enum result walk_down(struct chain_store *store, const struct chain *chain,
                             struct chain_state *state, struct err *err)
{
    for (size_t i = chain->path_n - 1; i > 0; i--) {
        const struct x509_cert *cert = &chain->certs[chain->path[i]];
        uint8_t hash[SHA256_N];

        if (state->end->kind != CHAIN_AUTHORITY_ANCHOR)
            return err_set(err, E_PROOF, "our issuers have no CA below them");
        TRY(step_down(cert, state, err));
        sha256(cert->whole, hash);
        chain_store_remember(store, hash, state);
    }
    return OK;
}

static enum result check_times(const struct chain_state *state, const struct x509_cert *leaf,
                               const struct chain_terms *terms, bool *ret_expired, struct err *err)
{
    int64_t now_s = terms->now_s;
    bool has_grace = state->end->kind == CHAIN_AUTHORITY_LDEVID && terms->grace_s > 0;

    if (now_s < state->not_before_s || now_s > state->not_after_s)
        return err_set(err, E_PROOF,
                       "RFC 5280 6.1.3: a CA certificate of the chain is not valid now");
    if (now_s < leaf->not_before_s)
        return err_set(err, E_PROOF, "RFC 5280 6.1.3: the certificate is not valid yet");
    *ret_expired = now_s > leaf->not_after_s;
    if (*ret_expired && !(has_grace && now_s - leaf->not_after_s <= terms->grace_s))
        return err_set(err, E_PROOF, "RFC 5280 6.1.3: the certificate has expired");
    return OK;
}

/* ---- the claim ---------------------------------------------------------------------------------
 */

static const enum chain_kind kinds[CHAIN_AUTHORITY_COUNT] = {
    [CHAIN_AUTHORITY_IDEVID] = CHAIN_IDEVID,
    [CHAIN_AUTHORITY_LDEVID] = CHAIN_LDEVID,
    [CHAIN_AUTHORITY_OPERATIONS] = CHAIN_OPERATIONS,
    [CHAIN_AUTHORITY_ANCHOR] = CHAIN_FOREIGN,
};

static enum result claim_fill(const struct x509_cert *leaf, struct chain_claim *ret,
                              struct err *err)
{
    struct bytes text = {0};

    if (x509_name_find(leaf->subject, oid_serial_number, &text) && text.n > LIMIT_SERIAL_NUMBER)
        return err_set(err, E_CERTIFICATE, "RFC 5280 A.1: serialNumber is above %d octets",
                       LIMIT_SERIAL_NUMBER);
    if (text.n != 0)
        memcpy(ret->serial_number, text.p, text.n);
    sha256(leaf->spki, ret->spki_hash);
    memcpy(ret->serial, leaf->serial.p, leaf->serial.n);
    ret->serial_n = leaf->serial.n;
    ret->not_before_s = leaf->not_before_s;
    ret->not_after_s = leaf->not_after_s;
    return OK;
}

static enum result claim_issued(const struct chain_end *end, const struct x509_cert *leaf,
                                bool is_expired, struct chain_claim *ret, struct err *err)
{
    struct chain_claim claim = {.kind = kinds[end->kind], .expired = is_expired};

    if (claim.kind == CHAIN_NOBODY)
        return err_set(err, E_PROOF, "a certificate straight from the root is no client's");
    TRY(claim_fill(leaf, &claim, err));
    if (end->kind == CHAIN_AUTHORITY_ANCHOR)
        claim.anchor = end->id;
    else
        claim.issuer = end->id;
    memcpy(claim.product, end->product, sizeof(claim.product));
    *ret = claim;
    return OK;
}

static enum result claim_bare(const struct x509_cert *leaf, struct chain_claim *ret,
                              struct err *err)
{
    struct chain_claim claim = {.kind = CHAIN_BARE_KEY};

    TRY(verify_signature(&leaf->key, leaf->sig_alg, leaf->tbs, leaf->signature, err));
    TRY(claim_fill(leaf, &claim, err));
    *ret = claim;
    return OK;
}

enum result chain_verify(struct chain_store *store, const struct bytes *ders, size_t n,
                         const struct chain_terms *terms, struct chain_claim *ret, struct err *err)
{
    struct chain chain = {0};
    struct chain_state state = {0};
    bool is_expired = false;

    TRY(read_chain(ders, n, &chain, err));
    const struct x509_cert *leaf = &chain.certs[0];
    if (is_self_issued(leaf))
        return claim_bare(leaf, ret, err);
    TRY(apply(leaf_rules, LENGTH_OF(leaf_rules), leaf, "the client's certificate", err));
    TRY(path_find(store, &chain, &state, err));
    TRY(walk_down(store, &chain, &state, err));
    TRY(check_times(&state, leaf, terms, &is_expired, err));
    return claim_issued(state.end, leaf, is_expired, ret, err);
}
