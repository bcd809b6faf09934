// A policy's bytes: what is accepted is what the writer writes, has words, and stands above
// another; and the words of its values, as people write them.
#include "fuzz.h"

#include <trust/policy_body.h>

static void read_values(struct bytes text)
{
    const struct policy_row *row = NULL;
    for (size_t i = 0; (row = policy_at(i)) != NULL; i++) {
        struct policy_part part = {0};
        struct err err = {0};
        int64_t value = 0;
        if (policy_value_read(row, text, &value, &err) != OK) {
            must(err.text[0] != '\0');
            continue;
        }
        struct policy_text words = policy_value_text(row, value);
        int64_t again = 0;
        must(policy_value_read(row, bytes_of(words.text, strlen(words.text)), &again, &err) == OK ||
             value > row->most);
        must(again == value || value > row->most);
        struct bytes word = bytes_of(row->word, strlen(row->word));
        must(policy_name_setting(&part, word, text, &err) == OK || err.text[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again_memory[LIMIT_POLICY_BYTES], words_memory[LIMIT_POLICY_WORDS];
    struct buf again = buf_over(again_memory, sizeof again_memory);
    struct buf words = buf_over(words_memory, sizeof words_memory);
    struct policy_part part = {0}, nothing = {0};
    struct policy policy = policy_normal();
    struct err err = {0};
    read_values(bytes_of(data, size));
    if (size == 0 || !policy_body_read(bytes_of(data, size), &part))
        return 0;
    policy_body_write(&part, &again);
    must(bytes_equal(buf_bytes(&again), bytes_of(data, size)));
    bool is_right = policy_check(&part, &err) == OK;
    must(is_right || err.text[0] != '\0');
    policy_put_words(&nothing, &part, &policy, &words);
    must(buf_ok(&words));
    policy_apply(&part, &policy);
    return 0;
}
