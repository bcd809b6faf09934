#include <registry/sweep.h>

#include <trust/facts.h>

static const struct {
    const char *name;
    size_t at;
} metas[] = {
    {"sweep_kind", offsetof(struct sweep_cursor, kind)},
    {"sweep_after", offsetof(struct sweep_cursor, after)},
    {"sweep_product", offsetof(struct sweep_cursor, product)},
    {"sweep_began", offsetof(struct sweep_cursor, began_s)},
};

static const enum table tables[SUBJECT_COUNT] = {
    [SUBJECT_DEVICE] = TABLE_DEVICE,     [SUBJECT_PRODUCT] = TABLE_PRODUCT,
    [SUBJECT_ISSUER] = TABLE_ISSUER,     [SUBJECT_FOREIGN] = TABLE_FOREIGN,
    [SUBJECT_BOUNDARY] = TABLE_BOUNDARY, [SUBJECT_BINDING] = TABLE_BINDING,
};

enum result sweep_read(struct store *store, struct sweep_cursor *ret, struct err *err)
{
    struct sweep_cursor cursor = {0};
    for (size_t i = 0; i < LENGTH_OF(metas); i++) {
        int64_t *to = (void *)((char *)&cursor + metas[i].at);
        enum result result = store_meta(store, metas[i].name, to, err);
        if (result != OK && result != R_NOT_FOUND)
            return result;
    }
    *ret = cursor;
    return OK;
}

enum result sweep_write(struct store *store, const struct sweep_cursor *cursor, struct err *err)
{
    for (size_t i = 0; i < LENGTH_OF(metas); i++) {
        const int64_t *from = (const void *)((const char *)cursor + metas[i].at);
        TRY(store_put_meta(store, metas[i].name, *from, err));
    }
    return OK;
}

enum table sweep_table(int64_t kind)
{
    return kind > SUBJECT_NONE && kind < SUBJECT_COUNT ? tables[kind] : TABLE_NONE;
}

/* A check that failed waits for a person; no product's are the installation, issuers, boundaries.
 */
static bool is_passed_over(const struct sweep_cursor *cursor)
{
    bool is_general = cursor->kind == SUBJECT_INSTALLATION || cursor->kind == SUBJECT_ISSUER ||
                      cursor->kind == SUBJECT_BOUNDARY;
    return cursor->kind == SUBJECT_CHECK || (cursor->product != 0 && is_general);
}

void sweep_next_kind(struct sweep_cursor *cursor)
{
    cursor->after = 0;
    do
        cursor->kind++;
    while (is_passed_over(cursor));
    if (cursor->kind >= SUBJECT_COUNT)
        *cursor = (struct sweep_cursor){0};
}

enum result sweep_left(struct store *store, const struct sweep_cursor *cursor, int64_t *ret,
                       struct err *err)
{
    struct sweep_cursor at = *cursor;
    int64_t left = 0;
    while (at.kind > SUBJECT_NONE && at.kind < SUBJECT_COUNT) {
        int64_t last = 1;
        if (sweep_table(at.kind) != TABLE_NONE)
            TRY(store_max_id(store, sweep_table(at.kind), &last, err));
        left += last > at.after ? last - at.after : 0;
        sweep_next_kind(&at);
    }
    *ret = left;
    return OK;
}
