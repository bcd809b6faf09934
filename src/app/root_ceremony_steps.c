/* What is done with shares that holders bring, and what witnesses sign. */
#include "root_ceremony.h"

#include "lines.h"

#include <base/file.h>
#include <base/text.h>
#include <crypto/pem.h>
#include <crypto/start.h>
#include <crypto/verify.h>
#include <wire/b64.h>

#include <string.h>

#define FACTS_MAX 8192
#define MESSAGE_MAX 512

/* ---- the key, of shares ---------------------------------------------------------------------- */

static enum result read_share(const struct root_ceremony *ceremony, const char *path,
                              struct share *ret, struct err *err)
{
    CLEANUP(secret_free) struct secret text = {0};
    TRY(secret_read_file(path, SHARE_TEXT_MAX, &text, err));
    enum result result = share_read(secret_bytes(&text), ret, err);
    if (result == OK)
        result = share_set_check(&ceremony->set, ret, err);
    if (result != OK)
        err_prefix(err, "%s", path);
    return result;
}

static enum result read_shares(const struct root_ceremony *ceremony, const struct root_bringing *by,
                               struct share_list *ret, struct err *err)
{
    TRY(share_list_new(by->shares_n, ret, err));
    for (size_t i = 0; i < by->shares_n; i++)
        TRY(read_share(ceremony, by->shares[i], share_at(ret, i), err));
    return OK;
}

static enum result key_of_shares(const struct root_ceremony *ceremony,
                                 const struct share_list *shares, struct key **ret, struct err *err)
{
    CLEANUP(secret_free) struct secret number = {0};
    CLEANUP(key_freep) struct key *key = NULL;
    struct x509_cert cert;
    const char *why = NULL;
    TRY(shares_combine(shares, &number, err));
    TRY(key_of_number(ceremony->kind, secret_bytes(&number), &key, err));
    if (!x509_read_cert(blob_bytes(&ceremony->certificate), &cert, &why) ||
        !bytes_equal(cert.spki, key_spki(key)))
        return err_set(err, E_TRANSCRIPT,
                       "the shares are those of the transcript, and not of its certificate's key");
    *ret = STEAL(key);
    return OK;
}

/* The root as a file of it would have given it; and which shares came, as a fact. */
static enum result bring(const struct root_ceremony *ceremony, const struct root_bringing *by,
                         struct root_read *ret, struct buf *facts, struct err *err)
{
    CLEANUP(share_list_free) struct share_list shares = {0};
    TRY(crypto_start(err));
    TRY(read_shares(ceremony, by, &shares, err));
    TRY(key_of_shares(ceremony, &shares, &ret->key, err));
    lines_put(facts, "shares");
    for (size_t i = 0; i < shares.n; i++)
        lines_put(facts, " %u", share_at(&shares, i)->x);
    lines_put(facts, "\n");
    if (blob_copy(blob_bytes(&ceremony->certificate), &ret->certificate) != OK)
        return err_set(err, E_MEMORY, "no memory for a certificate");
    return pki_issuer_read(PKI_ISSUER_ROOT, PKI_ISSUER_ROOT, blob_bytes(&ret->certificate),
                           &ret->issuer, err);
}

static void put_b64(struct buf *facts, const char *name, struct bytes value)
{
    lines_put(facts, "%s ", name);
    b64_encode(facts, value);
    lines_put(facts, "\n");
}

static enum result add(struct root_ceremony *ceremony, enum transcript_word word,
                       const struct root_bringing *by, const struct buf *facts, struct err *err)
{
    struct transcript_entry entry = {word, by->now_s, by->present, buf_bytes(facts)};
    if (!buf_ok(facts))
        return err_set(err, E_TOO_LARGE, "a step %s has no room for its facts",
                       transcript_word_name(word));
    return root_ceremony_add(ceremony, &entry, err);
}

/* ---- test restore, and what is signed ahead -------------------------------------------------- */

static enum result sign_hash(const struct root_ceremony *ceremony, struct key *key,
                             const char *prefix, const char *name, struct key_signature *ret,
                             struct err *err)
{
    uint8_t room[MESSAGE_MAX];
    struct buf message = buf_over(room, sizeof room);
    root_ceremony_message(&message, prefix, root_ceremony_hash(ceremony), text_bytes(name));
    if (!buf_ok(&message))
        return err_set(err, E_USAGE, "a name of %zu octets, wanted at most %d", strlen(name),
                       ROOT_CEREMONY_NAME_MAX);
    return key_sign(key, buf_bytes(&message), ret, err);
}

static enum result write_crls(const struct root_ceremony *ceremony, const struct root_read *root,
                              struct buf *facts, struct err *err)
{
    TRY(folder_ensure(init_path("%s/crl", ceremony->folder).text, 0755, err));
    for (uint64_t number = 1; number <= ROOT_CRL_COUNT; number++) {
        CLEANUP(blob_free) struct blob crl = {0};
        TRY(root_crl_sign(root, number, &crl, err));
        TRY(file_write(root_ceremony_crl(ceremony->folder, number).text, 0644, blob_bytes(&crl),
                       err));
        lines_put(facts, "crl %llu %s\n", (unsigned long long)number,
                  lines_digest_of(blob_bytes(&crl)).text);
    }
    return OK;
}

static enum result add_crls(struct root_ceremony *ceremony, const struct root_read *root,
                            const struct root_bringing *by, struct err *err)
{
    uint8_t room[FACTS_MAX];
    struct buf facts = buf_over(room, sizeof room);
    TRY(write_crls(ceremony, root, &facts, err));
    return add(ceremony, TRANSCRIPT_CRLS, by, &facts, err);
}

enum result root_ceremony_restore(struct root_ceremony *ceremony, const struct root_bringing *by,
                                  struct err *err)
{
    CLEANUP(root_read_free) struct root_read root = {0};
    uint8_t room[FACTS_MAX];
    struct buf facts = buf_over(room, sizeof room);
    struct key_signature signature;
    TRY(bring(ceremony, by, &root, &facts, err));
    TRY(sign_hash(ceremony, root.key, ROOT_CEREMONY_RESTORE_PREFIX, "", &signature, err));
    put_b64(&facts, "signature", key_signature_bytes(&signature));
    TRY(add(ceremony, TRANSCRIPT_RESTORE, by, &facts, err));
    if (root_ceremony_find(ceremony, TRANSCRIPT_CRLS) != NULL)
        return OK;
    return add_crls(ceremony, &root, by, err);
}

/* ---- an issuer's request --------------------------------------------------------------------- */

/* The step that signed that request already; 0: none. */
static size_t find_request(const struct root_ceremony *ceremony, const char *digest)
{
    for (size_t i = 0; i < ceremony->transcript.n; i++) {
        struct bytes facts = ceremony->transcript.steps[i].facts, value;
        if (ceremony->transcript.steps[i].word == TRANSCRIPT_ISSUER &&
            transcript_next(&facts, "request", &value) && bytes_equal(value, text_bytes(digest)))
            return i + 1;
    }
    return 0;
}

static enum result write_issuer(const struct root_ceremony *ceremony, size_t number,
                                struct init_path *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    CLEANUP(blob_free) struct blob pem = {0};
    TRY(root_ceremony_certificate(&ceremony->transcript.steps[number - 1], &der, err));
    TRY(pem_write(blob_bytes(&der), PEM_CERTIFICATE, &pem, err));
    *ret = root_ceremony_issuer(ceremony->folder, number);
    return file_write(ret->text, 0644, blob_bytes(&pem), err);
}

static enum result sign_request(struct root_ceremony *ceremony, struct bytes request,
                                const char *digest, const struct root_bringing *by, struct err *err)
{
    CLEANUP(root_read_free) struct root_read root = {0};
    CLEANUP(blob_free) struct blob certificate = {0};
    uint8_t room[FACTS_MAX];
    struct buf facts = buf_over(room, sizeof room);
    TRY(bring(ceremony, by, &root, &facts, err));
    TRY(issuer_certify(&root, request, ceremony->url, by->now_s, &certificate, err));
    lines_put(&facts, "request %s\n", digest);
    put_b64(&facts, "certificate", blob_bytes(&certificate));
    return add(ceremony, TRANSCRIPT_ISSUER, by, &facts, err);
}

enum result root_ceremony_sign(struct root_ceremony *ceremony, const char *request,
                               const struct root_bringing *by, struct init_path *ret,
                               struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    if (root_ceremony_find(ceremony, TRANSCRIPT_CRLS) == NULL)
        return err_set(err, E_CEREMONY,
                       "nothing is signed before shares gave the key back: trothd ceremony "
                       "restore-test %s SHARE...",
                       ceremony->folder);
    TRY(issuer_read_file(request, PEM_CSR, &der, err));
    struct lines_digest digest = lines_digest_of(blob_bytes(&der));
    size_t number = find_request(ceremony, digest.text);
    if (number == 0) {
        enum result result = sign_request(ceremony, blob_bytes(&der), digest.text, by, err);
        if (result != OK && err != NULL && err->code == E_CSR)
            err_prefix(err, "%s", request);
        TRY(result);
        number = ceremony->transcript.n;
    }
    return write_issuer(ceremony, number, ret, err);
}

/* ---- witnesses ------------------------------------------------------------------------------- */

enum result root_ceremony_witness(struct root_ceremony *ceremony, const char *name, struct key *key,
                                  int64_t now_s, struct err *err)
{
    uint8_t room[FACTS_MAX];
    struct buf facts = buf_over(room, sizeof room);
    struct key_signature signature;
    if (key_kind(key) != KEY_P256)
        return err_set(err, E_KEY, "a witness signs with a key of p256, this one is of %s",
                       key_kind_name(key_kind(key)));
    TRY(sign_hash(ceremony, key, ROOT_CEREMONY_WITNESS_PREFIX, name, &signature, err));
    lines_put(&facts, "name %s\n", name);
    put_b64(&facts, "key", key_spki(key));
    put_b64(&facts, "signature", key_signature_bytes(&signature));
    struct root_bringing by = {.present = name, .now_s = now_s};
    return add(ceremony, TRANSCRIPT_WITNESS, &by, &facts, err);
}
