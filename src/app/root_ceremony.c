#include "root_ceremony.h"

#include "lines.h"

#include <base/file.h>
#include <base/text.h>
#include <wire/b64.h>
#include <wire/hex.h>

#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- memory ---------------------------------------------------------------------------------- */

/* With a limit the lock would hold for now and refuse what is wanted later. */
static bool may_lock_all(void)
{
    struct rlimit limit;
    return geteuid() == 0 ||
           (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY);
}

void root_ceremony_guard(FILE *to)
{
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        fprintf(to, "Core dumps of this process could not be forbidden.\n");
    if (!may_lock_all() || mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
        fprintf(to, "Not all memory of this process can be locked: turn swap off (swapoff -a), or "
                    "run as root.\n");
}

/* ---- what the first step says ---------------------------------------------------------------- */

static bool read_number(struct bytes text, unsigned most, uint8_t *ret)
{
    unsigned value = 0;
    if (text.n == 0 || text.n > 2 || text.p[0] == '0')
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        value = value * 10 + (text.p[i] - '0');
    }
    *ret = (uint8_t)value;
    return value <= most;
}

static bool read_hex(struct bytes text, uint8_t *to, size_t n)
{
    struct buf b = buf_over(to, n);
    return text.n == 2 * n && hex_decode(&b, text);
}

static enum result read_numbers(const struct transcript_step *step, struct share_set *set,
                                struct err *err)
{
    struct bytes needed, of, id, name;
    TRY(transcript_fact(step, "needed", &needed, err));
    TRY(transcript_fact(step, "of", &of, err));
    TRY(transcript_fact(step, "set", &id, err));
    TRY(transcript_fact(step, "set-name", &name, err));
    if (!read_number(of, SHARES_MOST, &set->of) || !read_number(needed, set->of, &set->needed) ||
        set->needed < SHARES_LEAST || !read_hex(id, set->id, sizeof set->id))
        return err_set(err, E_TRANSCRIPT, "its first step names no set of shares");
    if (!bytes_equal(name, text_bytes(share_set_name_of(set->id).text)))
        return err_set(err, E_TRANSCRIPT, "its set is %s, the name beside it %s",
                       share_set_name_of(set->id).text, err_value(name).text);
    return OK;
}

/* "X HEX", from 1 on. */
static enum result read_digests(const struct transcript_step *step, struct share_set *set,
                                struct err *err)
{
    struct bytes facts = step->facts, value;
    unsigned n = 0;
    while (transcript_next(&facts, "share", &value)) {
        size_t gap = n < 9 ? 2 : 3;
        uint8_t x = 0;
        if (n == set->of || !read_number(bytes_slice(value, 0, gap - 1), SHARES_MOST, &x) ||
            x != n + 1 ||
            !read_hex(bytes_slice(value, gap, value.n), set->digests[n], sizeof set->digests[n]))
            return err_set(err, E_TRANSCRIPT, "the digest of share %u is missing or another",
                           n + 1);
        n++;
    }
    return n == set->of ? OK
                        : err_set(err, E_TRANSCRIPT, "digests of %u shares, wanted %u", n, set->of);
}

static enum result read_kind(const struct transcript_step *step, enum key_kind *ret,
                             struct err *err)
{
    struct bytes name;
    TRY(transcript_fact(step, "algorithm", &name, err));
    if (bytes_equal(name, bytes_text("p256")))
        *ret = KEY_P256;
    else if (bytes_equal(name, bytes_text("p384")))
        *ret = KEY_P384;
    else
        return err_set(err, E_TRANSCRIPT, "its algorithm is %s, wanted p256 or p384",
                       err_value(name).text);
    return OK;
}

static enum result read_url(const struct transcript_step *step, char to[CONFIG_URL_MAX],
                            struct err *err)
{
    struct bytes url;
    TRY(transcript_fact(step, "url", &url, err));
    if (url.n >= CONFIG_URL_MAX)
        return err_set(err, E_TRANSCRIPT, "its url has %zu octets", url.n);
    memcpy(to, url.p, url.n);
    to[url.n] = '\0';
    return config_is_public_url(to)
               ? OK
               : err_set(err, E_TRANSCRIPT, "its url is %s", err_value(url).text);
}

enum result root_ceremony_certificate(const struct transcript_step *step, struct blob *ret,
                                      struct err *err)
{
    uint8_t room[LIMIT_CERTIFICATE_BYTES];
    struct buf der = buf_over(room, sizeof room);
    struct x509_cert cert;
    const char *why = "no base64";
    struct bytes text;
    TRY(transcript_fact(step, "certificate", &text, err));
    if (!b64_decode(&der, text) || !x509_read_cert(buf_bytes(&der), &cert, &why))
        return err_set(err, E_TRANSCRIPT, "step %s: its certificate: %s",
                       transcript_word_name(step->word), why);
    return blob_copy(buf_bytes(&der), ret) == OK ? OK : err_set(err, E_MEMORY, "no memory");
}

static enum result read_beginning(struct root_ceremony *to, struct err *err)
{
    const struct transcript_step *step = &to->transcript.steps[0];
    TRY(read_numbers(step, &to->set, err));
    TRY(read_digests(step, &to->set, err));
    TRY(read_kind(step, &to->kind, err));
    to->set.octets_n = to->kind == KEY_P256 ? 32 : 48;
    TRY(read_url(step, to->url, err));
    return root_ceremony_certificate(step, &to->certificate, err);
}

/* ---- the transcript -------------------------------------------------------------------------- */

static struct init_path transcript_path(const char *folder)
{
    return init_path("%s/transcript.txt", folder);
}

static enum result read_text(struct root_ceremony *to, struct err *err)
{
    TRY(transcript_parse(blob_bytes(&to->text), &to->transcript, err));
    return read_beginning(to, err);
}

enum result root_ceremony_open(const char *folder, struct root_ceremony *ret, struct err *err)
{
    struct init_path path = transcript_path(folder);
    ret->folder = folder;
    TRY(file_read(path.text, TRANSCRIPT_MAX, &ret->text, err));
    enum result result = read_text(ret, err);
    if (result != OK)
        err_prefix(err, "%s", path.text);
    return result;
}

void root_ceremony_free(struct root_ceremony *ceremony)
{
    blob_free(&ceremony->text);
    blob_free(&ceremony->certificate);
}

const struct transcript_step *root_ceremony_find(const struct root_ceremony *ceremony,
                                                 enum transcript_word word)
{
    for (size_t i = 0; i < ceremony->transcript.n; i++)
        if (ceremony->transcript.steps[i].word == word)
            return &ceremony->transcript.steps[i];
    return NULL;
}

void root_ceremony_message(struct buf *b, const char *prefix, struct bytes hash, struct bytes name)
{
    if (name.n > ROOT_CEREMONY_NAME_MAX)
        buf_fail(b);
    buf_put_bytes(b, text_bytes(prefix));
    buf_put_bytes(b, hash);
    buf_put_u8(b, '\n');
    buf_put_bytes(b, name);
    buf_put_u8(b, '\n');
}

struct init_path root_ceremony_crl(const char *folder, uint64_t number)
{
    return init_path("%s/crl/%s", folder, root_crl_file_name(PKI_ISSUER_ROOT, number).text);
}

struct init_path root_ceremony_issuer(const char *folder, size_t step)
{
    return init_path("%s/issuer-%zu.pem", folder, step);
}

struct bytes root_ceremony_hash(const struct root_ceremony *ceremony)
{
    return ceremony->transcript.steps[ceremony->transcript.n - 1].hash;
}

enum result root_ceremony_add(struct root_ceremony *ceremony, const struct transcript_entry *entry,
                              struct err *err)
{
    static uint8_t room[TRANSCRIPT_MAX];
    struct buf text = buf_over(room, sizeof room);
    const char *folder = ceremony->folder;
    if (!transcript_is_text(text_bytes(entry->present)))
        return err_set(err, E_USAGE, "who is there: %s, wanted UTF-8 without controls",
                       err_value(text_bytes(entry->present)).text);
    buf_put_bytes(&text, blob_bytes(&ceremony->text));
    transcript_put(&text, &ceremony->transcript, entry);
    if (!buf_ok(&text))
        return err_set(err, E_TOO_LARGE, "the transcript has no room for a step more");
    TRY(file_write(transcript_path(folder).text, 0644, buf_bytes(&text), err));
    root_ceremony_free(ceremony);
    *ceremony = (struct root_ceremony){0};
    return root_ceremony_open(folder, ceremony, err);
}
