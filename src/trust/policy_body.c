#include <trust/policy_body.h>

#include <base/result.h>
#include <trust/check.h>
#include <wire/cbor.h>
#include <wire/reader.h>

#include <string.h>

_Static_assert(CHECK_MAX < 64, "a bit per check");

static uint64_t bit(int number)
{
    return UINT64_C(1) << number;
}

const struct policy_row *policy_find(int number)
{
    const struct policy_row *row = NULL;
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++)
        if (row->number == number)
            return row;
    return NULL;
}

int64_t policy_value(const struct policy *policy, const struct policy_row *row)
{
    int64_t value = 0;
    memcpy(&value, (const char *)policy + row->at, sizeof value);
    return value;
}

static void put_value(struct policy *policy, const struct policy_row *row, int64_t value)
{
    memcpy((char *)policy + row->at, &value, sizeof value);
}

bool policy_names(const struct policy_part *part, const struct policy_row *row)
{
    return (part->settings & bit(row->number)) != 0;
}

bool policy_names_effect(const struct policy_part *part, int check)
{
    return (part->effects & bit(check)) != 0;
}

void policy_apply(const struct policy_part *part, struct policy *to)
{
    const struct policy_row *row = NULL;
    for (size_t i = 0; part->settings != 0 && (row = policy_at(i)) != NULL; i++)
        if (policy_names(part, row))
            put_value(to, row, policy_value(&part->values, row));
    for (int check = 1; part->effects != 0 && check <= CHECK_MAX; check++)
        if (policy_names_effect(part, check))
            to->effect[check] = part->values.effect[check];
}

/* ---- bytes ------------------------------------------------------------------------------------
 */

static void read_settings(struct reader *r, struct policy_part *part)
{
    struct cbor_key key;
    struct cbor_map map = cbor_read_map(r);
    while (cbor_map_next(&map, r, &key)) {
        bool may_be = !key.is_text && key.number > 0 && key.number < 64;
        const struct policy_row *row = may_be ? policy_find((int)key.number) : NULL;
        int64_t value = cbor_read_int(r);
        if (row == NULL) {
            reader_fail(r, "a number that exists");
            return;
        }
        part->settings |= bit(row->number);
        put_value(&part->values, row, value);
    }
}

static void read_effects(struct reader *r, struct policy_part *part)
{
    struct cbor_key key;
    struct cbor_map map = cbor_read_map(r);
    while (cbor_map_next(&map, r, &key)) {
        uint64_t effect = cbor_read_uint(r);
        bool is_one = !key.is_text && key.number > 0 && key.number <= CHECK_MAX &&
                      check_find((int)key.number) != NULL && effect < EFFECT_COUNT;
        if (!is_one) {
            reader_fail(r, "a number that exists");
            return;
        }
        part->effects |= bit((int)key.number);
        part->values.effect[key.number] = (uint8_t)effect;
    }
}

bool policy_body_read(struct bytes body, struct policy_part *ret)
{
    struct policy_part part = {0};
    struct reader r = reader_of(body);
    if (body.n > 0) {
        if (cbor_read_array(&r) != 2)
            return false;
        read_settings(&r, &part);
        read_effects(&r, &part);
    }
    if (!reader_end(&r))
        return false;
    *ret = part;
    return true;
}

static size_t count_bits(uint64_t bits)
{
    size_t n = 0;
    for (; bits != 0; bits &= bits - 1)
        n++;
    return n;
}

/* Small numbers in ascending order: the order of their encodings. */
void policy_body_write(const struct policy_part *part, struct buf *b)
{
    cbor_write_array(b, 2);
    cbor_write_map(b, count_bits(part->settings));
    for (int number = 1; number < 64; number++) {
        const struct policy_row *row = policy_find(number);
        if (row == NULL || !policy_names(part, row))
            continue;
        cbor_write_int(b, number);
        cbor_write_int(b, policy_value(&part->values, row));
    }
    cbor_write_map(b, count_bits(part->effects));
    for (int check = 1; check <= CHECK_MAX; check++) {
        if (!policy_names_effect(part, check))
            continue;
        cbor_write_int(b, check);
        cbor_write_uint(b, part->values.effect[check]);
    }
}

/* ---- rules ------------------------------------------------------------------------------------
 */

/* What `troth product` sets has one place. */
static enum result check_place(const struct policy_row *row, struct err *err)
{
    if (row->number != POLICY_LEAST_PROOF && row->number != POLICY_GRACE)
        return OK;
    return err_set(err, E_POLICY_COLUMN, "%s: seen in a policy, wanted at the product itself",
                   row->word);
}

static enum result check_bounds(const struct policy_row *row, int64_t value, struct err *err)
{
    if (value >= row->least && value <= row->most)
        return OK;
    return err_set(err, E_POLICY_FILE, "%s: seen %s, wanted %s to %s", row->word,
                   policy_value_text(row, value).text, policy_value_text(row, row->least).text,
                   policy_value_text(row, row->most).text);
}

/* An effect is about a device: its requests, or itself. */
static enum result check_effect(const struct check *check, int effect, struct err *err)
{
    if (effect == EFFECT_NONE || (check->kinds & KIND_DEVICE) != 0)
        return OK;
    return err_set(err, E_POLICY_FILE, "TD-%02d: seen %s, wanted none: %s is about no device",
                   check->number, effect_word((enum effect)effect), check->title);
}

enum result policy_check(const struct policy_part *part, struct err *err)
{
    const struct policy_row *row = NULL;
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++) {
        if (!policy_names(part, row))
            continue;
        TRY(check_place(row, err));
        TRY(check_bounds(row, policy_value(&part->values, row), err));
    }
    for (int number = 1; number <= CHECK_MAX; number++)
        if (policy_names_effect(part, number))
            TRY(check_effect(check_find(number), part->values.effect[number], err));
    return OK;
}

/* ---- words ------------------------------------------------------------------------------------
 */

static const struct policy_row *row_of_word(struct bytes word)
{
    const struct policy_row *row = NULL;
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++)
        if (bytes_equal(word, bytes_of(row->word, strlen(row->word))))
            return row;
    return NULL;
}

enum result policy_name_setting(struct policy_part *part, struct bytes word, struct bytes value,
                                struct err *err)
{
    int64_t number = 0;
    const struct policy_row *row = row_of_word(word);
    if (row == NULL)
        return err_set(err, E_POLICY_FILE, "%s: there is no such setting", err_value(word).text);
    if (policy_names(part, row))
        return err_set(err, E_POLICY_FILE, "%s: seen twice", row->word);
    TRY(check_place(row, err));
    TRY(policy_value_read(row, value, &number, err));
    TRY(check_bounds(row, number, err));
    part->settings |= bit(row->number);
    put_value(&part->values, row, number);
    return OK;
}

/* The check that "TD-25" names. */
static const struct check *check_of_word(struct bytes word)
{
    int number = 0;
    if (word.n < 4 || word.n > 5 || memcmp(word.p, "TD-", 3) != 0)
        return NULL;
    for (size_t i = 3; i < word.n; i++) {
        if (word.p[i] < '0' || word.p[i] > '9')
            return NULL;
        number = number * 10 + (word.p[i] - '0');
    }
    return check_find(number);
}

enum result policy_name_effect(struct policy_part *part, struct bytes check, struct bytes effect,
                               struct err *err)
{
    int to = 0;
    const struct check *row = check_of_word(check);
    if (row == NULL)
        return err_set(err, E_POLICY_FILE, "%s: there is no such check, wanted TD-01 to TD-%02d",
                       err_value(check).text, CHECK_MAX);
    if (policy_names_effect(part, row->number))
        return err_set(err, E_POLICY_FILE, "TD-%02d: seen twice", row->number);
    while (to < EFFECT_COUNT &&
           !bytes_equal(effect, bytes_of(effect_word((enum effect)to), strlen(effect_word(to)))))
        to++;
    if (to == EFFECT_COUNT)
        return err_set(err, E_POLICY_FILE,
                       "TD-%02d: seen \"%s\", wanted none, refuse or quarantine", row->number,
                       err_value(effect).text);
    TRY(check_effect(row, to, err));
    part->effects |= bit(row->number);
    part->values.effect[row->number] = (uint8_t)to;
    return OK;
}
