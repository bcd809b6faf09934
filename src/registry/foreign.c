#include <registry/foreign.h>

#include <registry/holders.h>
#include <trust/foreign_words.h>
#include <wire/x509.h>

#define RSA_LEAST_BITS 2048 /* SP 800-131A */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct since since_when(bool is_so, int64_t at_s)
{
    return is_so ? (struct since){YES, at_s} : (struct since){.known = NO};
}

/* Presented somewhere: as long as nobody sees that it is not. Seen and gone: no more. Never seen:
 * from its beginning until it ends or was revoked. */
static void put_use(const struct foreign *foreign, const struct sighting_sum *seen,
                    struct facts *facts)
{
    if (seen->since_s != 0) {
        facts->in_use_from_s = seen->since_s;
        return;
    }
    facts->in_use_from_s = foreign->not_before_s;
    facts->in_use_until_s = foreign->not_after_s + 1;
    if (seen->ended_s != 0)
        facts->in_use_until_s = seen->ended_s;
    else if (foreign->state == FOREIGN_REVOKED)
        facts->in_use_until_s = later(foreign->revoked_at_s, 1);
}

/* What a look at it showed; without one all of it stays unmeasured. */
static void put_seen(const struct foreign *foreign, const struct sighting_sum *seen,
                     struct facts *facts)
{
    if (seen->since_s == 0)
        return;
    int64_t expired_s = later(foreign->not_after_s + 1, seen->since_s);
    facts->not_in_inventory = since_when(foreign->device == 0, seen->since_s);
    facts->expired_used = since_when(seen->latest_s > foreign->not_after_s, expired_s);
    facts->clock = since_when(seen->latest_s < foreign->not_before_s, seen->since_s);
}

/* Debian's weak keys are no part of it: there is no list of them (shared/checks.md). A signature
 * whose hash is not known here leaves open what a sound key would settle. */
static struct since weak_key(const struct foreign *foreign, int64_t since_s)
{
    bool is_short = foreign->key == FOREIGN_KEY_RSA && foreign->bits < RSA_LEAST_BITS;
    bool is_broken = foreign->signature == SIGNATURE_SHA1 || foreign->signature == SIGNATURE_MD5;
    bool has_fingerprint = (foreign->traits & TRAIT_ROCA) != 0;
    if (is_short || is_broken || has_fingerprint || foreign->key == FOREIGN_KEY_OTHER)
        return (struct since){YES, since_s};
    return (struct since){.known = foreign->signature == SIGNATURE_SOUND ? NO : UNMEASURED};
}

static struct since root_issued(const struct foreign *foreign, int64_t since_s)
{
    if ((foreign->traits & TRAIT_ROOT_ISSUED) != 0)
        return (struct since){YES, since_s};
    return (struct since){.known = foreign->traits & TRAIT_ISSUED_BELOW ? NO : UNMEASURED};
}

/* The first end above it: of the chain that was presented, of the anchor that signed. */
static enum result read_issuer(struct store *store, const struct foreign *foreign,
                               const struct sighting_sum *seen, struct facts *facts,
                               struct err *err)
{
    struct authority_row anchor = {0};
    struct x509_cert cert;
    const char *why = NULL;
    facts->above_until_s = seen->ca_until_s;
    if (foreign->anchor == 0)
        return OK;
    TRY(store_anchor(store, foreign->anchor, &anchor, err));
    if (!x509_read_cert(bytes_of(anchor.certificate, anchor.n), &cert, &why))
        return OK;
    if (facts->above_until_s == 0 || cert.not_after_s < facts->above_until_s)
        facts->above_until_s = cert.not_after_s;
    return OK;
}

/* Who has the key counts once somebody is known to: a device, or a host that presented it. */
static enum result read_said(struct store *store, const struct foreign *foreign,
                             const struct sighting_sum *seen, struct facts *facts, struct err *err)
{
    int64_t since_s = facts->in_use_from_s;
    facts->not_before_s = foreign->not_before_s;
    facts->weak_key = weak_key(foreign, since_s);
    facts->root_issued_leaf = root_issued(foreign, since_s);
    TRY(store_foreign_key_since(store, foreign->spki, &facts->key_since_s, err));
    if (foreign->device == 0 && seen->since_s == 0)
        return OK;
    TRY(holders_shared(store, foreign->spki, &facts->key_shared, err));
    if (facts->key_shared.known == YES)
        facts->key_shared.at_s = later(facts->key_shared.at_s, since_s);
    return OK;
}

enum result foreign_facts(struct store *store, const struct foreign *foreign, struct facts *ret,
                          struct err *err)
{
    struct sighting_sum seen = {0};
    struct facts facts = {.kind = SUBJECT_FOREIGN, .not_after_s = foreign->not_after_s};
    TRY(store_sighting_sum(store, foreign->id, &seen, err));
    put_use(foreign, &seen, &facts);
    put_seen(foreign, &seen, &facts);
    TRY(read_issuer(store, foreign, &seen, &facts, err));
    if (foreign->is_read)
        TRY(read_said(store, foreign, &seen, &facts, err));
    *ret = facts;
    return OK;
}
