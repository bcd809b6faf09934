#include <trust/evidence.h>

#include <base/result.h>
#include <trust/policy.h>
#include <trust/words.h>

#include <stdio.h>
#include <string.h>

#define TD(number) (UINT64_C(1) << (number))

static const struct fact_row rows[] = {
#define FACT(field, FORM, word, checks) {word, FACT_##FORM, offsetof(struct facts, field), checks},
#define THRESHOLD(NAME, checks)
#include <trust/evidence.def>
#undef FACT
#undef THRESHOLD
};

static const struct {
    int setting;
    uint64_t checks;
} thresholds[] = {
#define FACT(field, FORM, word, checks)
#define THRESHOLD(NAME, checks) {POLICY_##NAME, checks},
#include <trust/evidence.def>
#undef FACT
#undef THRESHOLD
};

const struct fact_row *fact_at(size_t index)
{
    return index < LENGTH_OF(rows) ? &rows[index] : NULL;
}

bool check_looks_at(int check, int setting)
{
    for (size_t i = 0; i < LENGTH_OF(thresholds); i++)
        if (thresholds[i].setting == setting)
            return (thresholds[i].checks >> check & 1) != 0;
    return false;
}

static const char *known_word(enum known known)
{
    static const char *const words[] = {
        [UNMEASURED] = "unmeasured",
        [NO] = "no",
        [YES] = "yes",
    };
    return words[known <= YES ? known : UNMEASURED];
}

/* An enum in the place of a fact; all of ours are ints. */
static const char *enum_word(enum fact_form form, int value)
{
    switch (form) {
    case FACT_SUBJECT:
        return subject_word((enum subject_kind)value);
    case FACT_STATE:
        return device_state_word((enum device_state)value);
    case FACT_PROOF:
        return proof_word((enum proof)value);
    case FACT_CERTIFICATE:
        return cert_state_word((enum cert_state)value);
    case FACT_ISSUER:
        return issuer_state_word((enum issuer_state)value);
    case FACT_CUSTODY:
        return value == CUSTODY_FILE ? "files" : "token";
    case FACT_KNOWN:
    case FACT_SINCE:
    case FACT_INSTANT:
    case FACT_NUMBER:
        break;
    }
    return known_word((enum known)value);
}

static void put_number(struct fact_value *value, enum fact_form form, int64_t number)
{
    if (form == FACT_NUMBER) {
        snprintf(value->text, sizeof value->text, "%lld", (long long)number);
        return;
    }
    value->at_s = number;
    snprintf(value->text, sizeof value->text, "%s", number != 0 ? "at" : "none");
}

struct fact_value fact_value(const struct fact_row *row, const struct facts *facts)
{
    struct fact_value value = {.at_s = 0};
    const char *from = (const char *)facts + row->at;
    if (row->form == FACT_SINCE) {
        struct since since;
        memcpy(&since, from, sizeof since);
        value.at_s = since.known == YES ? since.at_s : 0;
        snprintf(value.text, sizeof value.text, "%s", known_word(since.known));
    } else if (row->form == FACT_INSTANT || row->form == FACT_NUMBER) {
        int64_t number;
        memcpy(&number, from, sizeof number);
        put_number(&value, row->form, number);
    } else {
        int number;
        memcpy(&number, from, sizeof number);
        snprintf(value.text, sizeof value.text, "%s", enum_word(row->form, number));
    }
    return value;
}
