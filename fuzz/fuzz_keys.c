// A key export that somebody hands us (src/app/key_export.h). The input is judged as it is, and
// with a last line that has its digest: only then may it be taken, and what is taken lies where the
// lines say.
#include "fuzz.h"

#include "key_export.h"
#include "lines.h"

static void must_be_within(struct bytes part, struct bytes whole)
{
    must(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[KEY_EXPORT_MAX + 128];
    struct bytes input = bytes_of(data, size);
    struct buf text = buf_over(room, sizeof room);
    struct key_export file;

    (void)!key_export_parse(input, &file, NULL);
    buf_put_bytes(&text, input);
    lines_put(&text, "sha256 %s\n", lines_digest_of(input).text);
    if (!buf_ok(&text) || key_export_parse(buf_bytes(&text), &file, NULL) != OK)
        return 0;
    must_be_within(file.origin, buf_bytes(&text));
    must_be_within(file.record, buf_bytes(&text));
    must_be_within(file.signed_part, buf_bytes(&text));
    for (int i = 0; i < SIGNER_KEY_COUNT; i++)
        must_be_within(file.keys[i], file.signed_part);
    for (int i = PKI_ISSUER_ROOT; i < PKI_ISSUER_COUNT; i++)
        must_be_within(file.certificates[i], file.signed_part);
    must(file.later_n <= KEY_LATER_MAX);
    for (size_t i = 0; i < file.later_n; i++) {
        must(i == 0 || file.later[i].number > file.later[i - 1].number);
        must_be_within(file.later[i].certificate, file.signed_part);
        must_be_within(file.later[i].key, file.signed_part);
    }
    must(bytes_equal(lines_take(&input), bytes_text(KEY_EXPORT_TITLE)));
    return 0;
}
