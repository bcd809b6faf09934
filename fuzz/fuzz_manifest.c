// Whatever the file: every entry is taken once or a fault once, in the file's order; nothing is
// taken that was not verified; what is taken keeps the limits that core relies on. An input that
// begins with { is a payload alone, in an entry as it has to be: base64url hides it from a fuzzer.
#include "fuzz.h"

#include <base/limits.h>
#include <proto/manifest.h>
#include <wire/b64.h>
#include <wire/utf8.h>
#include <wire/x509.h>

struct seen {
    uint32_t rows, faults, last_line, verified;
    bool has_key;
};

static enum result verify(void *context, const struct manifest_signature *signature,
                          struct import_line *line, struct err *err)
{
    struct seen *seen = context;
    must(signature->signature.n == MANIFEST_SIGNATURE_N);
    must(signature->kid.n > 0 || signature->thumbprint.n == 32);
    must(memchr(signature->input.p, '.', signature->input.n) != NULL);
    if (signature->signature.p[0] == 0xff)
        return err_set(err, E_MANIFEST_SIGNER, "not his");
    line->signer = 1;
    seen->verified = line->line;
    return OK;
}

static enum result key(void *context, const struct manifest_key *key, struct import_line *line,
                       struct err *err)
{
    (void)err;
    struct seen *seen = context;
    struct x509_key read;
    const char *why = NULL;
    must(seen->verified == line->line);
    must(key->spki.n == MANIFEST_SPKI_N && x509_read_spki(key->spki, &read, &why));
    must(key->chain_n <= LIMIT_CHAIN_CERTIFICATES);
    for (size_t i = 0; i < key->chain_n; i++)
        must(key->chain[i].n > 0 && key->chain[i].n <= LIMIT_CERTIFICATE_BYTES);
    line->has_spki = true;
    return OK;
}

static bool is_fit(struct bytes text, size_t min, size_t max)
{
    return text.n >= min && text.n <= max && utf8_is_valid(text) &&
           memchr(text.p, '\n', text.n) == NULL && memchr(text.p, '\0', text.n) == NULL;
}

static enum result take(void *context, const struct import_line *line, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    must(line->line == ++seen->last_line && line->signer == 1 && seen->verified == line->line);
    must(is_fit(line->serial_number, 1, LIMIT_SERIAL_NUMBER));
    must(memchr(line->serial_number.p, '/', line->serial_number.n) == NULL);
    must(line->batch.n == 0 || is_fit(line->batch, 1, LIMIT_NAME));
    must(line->certificate.n == 0);
    seen->rows++;
    return OK;
}

static enum result fault(void *context, uint32_t line, const struct err *why, struct err *err)
{
    (void)err;
    struct seen *seen = context;
    must(line == ++seen->last_line);
    must(why->code != E_NONE && why->text[0] != '\0');
    seen->rows++;
    seen->faults++;
    return OK;
}

static void read_file(struct bytes text)
{
    struct seen seen = {0};
    const struct manifest_terms terms = {bytes_text("p"), bytes_text("o"), false};
    const struct manifest_sink sink = {&seen, verify, key, take, fault};
    struct import_counts counts = {0};
    struct err err = {0};
    if (manifest_read(text, &terms, &sink, &counts, &err) != OK) {
        must(err.code == E_SYNTAX);
        return;
    }
    must(counts.rows == seen.rows && counts.faults == seen.faults);
}

static void read_payload(struct bytes payload)
{
    static uint8_t text[2 * LIMIT_MANIFEST_ENTRY];
    struct buf to = buf_over(text, sizeof text);
    char signature[86];
    memset(signature, 'A', sizeof signature);
    buf_put_bytes(&to, bytes_text("[{\"protected\":\""));
    b64url_encode(&to, bytes_text("{\"alg\":\"ES256\",\"kid\":\"AAEC\"}"));
    buf_put_bytes(&to, bytes_text("\",\"signature\":\""));
    buf_put_bytes(&to, bytes_of(signature, sizeof signature));
    buf_put_bytes(&to, bytes_text("\",\"payload\":\""));
    b64url_encode(&to, payload);
    buf_put_bytes(&to, bytes_text("\"}]"));
    if (buf_ok(&to))
        read_file(buf_bytes(&to));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == '{')
        read_payload(bytes_of(data, size));
    else
        read_file(bytes_of(data, size));
    return 0;
}
