#include <crypto/shares.h>

#include <base/rand.h>

#define DIGEST_PREFIX "troth-share-1\n"

/* ---- GF(256) --------------------------------------------------------------------------------- */

/* Modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, 4.2). The same steps whatever a and b are. */
static uint8_t gf_mul(uint8_t a, uint8_t b)
{
    unsigned product = 0, left = a;
    for (unsigned bit = 0; bit < 8; bit++) {
        product ^= left & (0U - ((unsigned)b >> bit & 1U));
        left = left << 1 ^ (0x11bU & (0U - (left >> 7)));
    }
    return (uint8_t)product;
}

/* a^254, which is 1/a; 0 for 0. */
static uint8_t gf_inverse(uint8_t a)
{
    uint8_t power = a, inverse = 1;
    for (unsigned bit = 1; bit < 8; bit++) {
        power = gf_mul(power, power);
        inverse = gf_mul(inverse, power);
    }
    return inverse;
}

/* What the value at `from[i]` weighs in the value at `at`, of the polynomial through `n` points. */
static uint8_t weight_of(const struct share_list *from, size_t n, size_t i, uint8_t at)
{
    uint8_t above = 1, below = 1;
    for (size_t j = 0; j < n; j++) {
        if (j == i)
            continue;
        above = gf_mul(above, at ^ share_at(from, j)->x);
        below = gf_mul(below, share_at(from, i)->x ^ share_at(from, j)->x);
    }
    return gf_mul(above, gf_inverse(below));
}

/* The values at `at` of the polynomials through the first `needed` shares. */
static void interpolate(const struct share_list *from, uint8_t at, uint8_t *to)
{
    size_t needed = share_at(from, 0)->needed, n = share_at(from, 0)->octets_n;
    memset(to, 0, n);
    for (size_t i = 0; i < needed; i++) {
        uint8_t weight = weight_of(from, needed, i, at);
        for (size_t octet = 0; octet < n; octet++)
            to[octet] ^= gf_mul(weight, share_at(from, i)->octets[octet]);
    }
}

/* ---- lists ----------------------------------------------------------------------------------- */

enum result share_list_new(size_t n, struct share_list *ret, struct err *err)
{
    struct share_list list = {.n = n};
    if (n < 1 || n > SHARES_MOST)
        return err_set(err, E_USAGE, "%zu shares, wanted 1 to %d", n, SHARES_MOST);
    TRY(secret_new(n * sizeof(struct share), &list.memory, err));
    *ret = list;
    return OK;
}

void share_list_free(struct share_list *list)
{
    secret_free(&list->memory);
    list->n = 0;
}

/* ---- split ----------------------------------------------------------------------------------- */

static enum result check_numbers(struct bytes secret, unsigned needed, unsigned of, struct err *err)
{
    if (secret.n < SHARE_SECRET_MIN || secret.n > SHARE_SECRET_MAX)
        return err_set(err, E_USAGE, "a secret of %zu octets, wanted %d to %d", secret.n,
                       SHARE_SECRET_MIN, SHARE_SECRET_MAX);
    if (needed < SHARES_LEAST || needed > of || of > SHARES_MOST)
        return err_set(err, E_USAGE, "%u of %u shares, wanted %d or more of at most %d", needed, of,
                       SHARES_LEAST, SHARES_MOST);
    return OK;
}

/* The value at share->x of each octet's polynomial: `secret` first, then the rows of `random`. */
static void evaluate(struct bytes secret, const struct secret *random, struct share *share)
{
    for (size_t octet = 0; octet < secret.n; octet++) {
        uint8_t value = 0;
        for (size_t power = share->needed - 1U; power > 0; power--)
            value = gf_mul(value ^ random->p[(power - 1) * secret.n + octet], share->x);
        share->octets[octet] = value ^ secret.p[octet];
    }
}

enum result shares_split(struct bytes secret, unsigned needed, unsigned of, struct share_list *ret,
                         struct err *err)
{
    CLEANUP(secret_free) struct secret random = {0};
    struct share head = {
        .needed = (uint8_t)needed, .of = (uint8_t)of, .octets_n = (uint8_t)secret.n};
    struct share_list list = {0};

    TRY(check_numbers(secret, needed, of, err));
    TRY(secret_new((needed - 1) * secret.n, &random, err));
    TRY(share_list_new(of, &list, err));
    rand_bytes(random.p, random.n);
    rand_bytes(head.set, sizeof head.set);
    for (size_t i = 0; i < of; i++) {
        struct share *share = share_at(&list, i);
        *share = head;
        share->x = (uint8_t)(i + 1);
        evaluate(secret, &random, share);
    }
    *ret = list;
    return OK;
}

/* ---- combine --------------------------------------------------------------------------------- */

static bool is_same_set(const struct share *a, const struct share *b)
{
    return memcmp(a->set, b->set, sizeof a->set) == 0 && a->needed == b->needed && a->of == b->of &&
           a->octets_n == b->octets_n;
}

static enum result check_shares(const struct share_list *list, struct err *err)
{
    const struct share *first = share_at(list, 0);
    for (size_t i = 1; i < list->n; i++) {
        const struct share *share = share_at(list, i);
        if (!is_same_set(first, share))
            return err_set(err, E_SHARE_FOREIGN, "share %u is of set %s, the first one of %s",
                           share->x, share_set_name_of(share->set).text,
                           share_set_name_of(first->set).text);
        for (size_t j = 0; j < i; j++)
            if (share_at(list, j)->x == share->x)
                return err_set(err, E_SHARE_FOREIGN, "share %u is there twice", share->x);
    }
    return OK;
}

/* Does share `i` lie where those before it say? */
static bool is_on_curve(const struct share_list *list, size_t i)
{
    const struct share *share = share_at(list, i);
    uint8_t there[SHARE_SECRET_MAX];
    interpolate(list, share->x, there);
    bool fits =
        secret_equal(bytes_of(there, share->octets_n), bytes_of(share->octets, share->octets_n));
    secret_wipe(there, sizeof there);
    return fits;
}

enum result shares_combine(const struct share_list *list, struct secret *ret, struct err *err)
{
    if (list->n == 0)
        return err_set(err, E_SHARES_FEW, "no share is there");
    const struct share *first = share_at(list, 0);
    TRY(check_shares(list, err));
    if (list->n < first->needed)
        return err_set(err, E_SHARES_FEW, "%zu shares are there, the key needs %u", list->n,
                       first->needed);
    for (size_t i = first->needed; i < list->n; i++)
        if (!is_on_curve(list, i))
            return err_set(err, E_SHARE_FOREIGN,
                           "share %u does not fit the %u before it: one of them is wrong",
                           share_at(list, i)->x, first->needed);
    TRY(secret_new(first->octets_n, ret, err));
    interpolate(list, 0, ret->p);
    return OK;
}

/* ---- what may be told ------------------------------------------------------------------------ */

void share_digest(const struct share *share, uint8_t ret[SHA256_N])
{
    const uint8_t numbers[] = {share->needed, share->of, share->x, share->octets_n};
    const struct bytes parts[] = {
        bytes_text(DIGEST_PREFIX),
        bytes_of(share->set, sizeof share->set),
        bytes_of(numbers, sizeof numbers),
        bytes_of(share->octets, share->octets_n),
    };
    sha256_parts(parts, LENGTH_OF(parts), ret);
}

void share_set_of(const struct share_list *list, struct share_set *ret)
{
    const struct share *first = share_at(list, 0);
    *ret =
        (struct share_set){.needed = first->needed, .of = first->of, .octets_n = first->octets_n};
    memcpy(ret->id, first->set, sizeof ret->id);
    for (size_t i = 0; i < list->n; i++)
        share_digest(share_at(list, i), ret->digests[i]);
}

enum result share_set_check(const struct share_set *set, const struct share *share, struct err *err)
{
    uint8_t digest[SHA256_N];
    if (memcmp(set->id, share->set, sizeof set->id) != 0)
        return err_set(err, E_SHARE_FOREIGN, "share %u is of set %s, wanted is set %s", share->x,
                       share_set_name_of(share->set).text, share_set_name_of(set->id).text);
    share_digest(share, digest);
    if (share->x < 1 || share->x > set->of ||
        memcmp(digest, set->digests[share->x - 1], sizeof digest) != 0)
        return err_set(err, E_SHARE_FOREIGN,
                       "share %u of set %s is not the one that was written: its digest is another",
                       share->x, share_set_name_of(set->id).text);
    return OK;
}
