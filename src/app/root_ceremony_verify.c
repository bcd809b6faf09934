/* Whether a ceremony's folder is what its transcript says, for anybody. */
#include "root_ceremony.h"

#include "lines.h"

#include <base/file.h>
#include <base/text.h>
#include <crypto/pem.h>
#include <crypto/verify.h>
#include <wire/b64.h>
#include <wire/x509_crl.h>

#include <string.h>

#define SPKI_MAX 256
#define MESSAGE_MAX 512
#define CRL_MAX 8192

struct judging {
    const struct root_ceremony *ceremony;
    struct x509_cert root;
    FILE *to;
    uint32_t tested; /* a bit for each share that a test restore had */
    size_t issuers;
    int64_t crls_until_s;
    uint8_t witnesses[TRANSCRIPT_STEPS][SHA256_N]; /* keys that signed since the last other step */
    size_t witnesses_n;
};

static enum result wrong_step(size_t number, const char *what, struct err *err)
{
    return err_set(err, E_TRANSCRIPT, "step %zu: %s", number, what);
}

/* ---- signatures in the transcript ------------------------------------------------------------ */

static enum result check_signature(const struct transcript_step *step, const struct x509_key *key,
                                   const char *prefix, struct bytes name, struct err *err)
{
    uint8_t message_room[MESSAGE_MAX], signature_room[KEY_SIGNATURE_MAX];
    struct buf message = buf_over(message_room, sizeof message_room);
    struct buf signature = buf_over(signature_room, sizeof signature_room);
    struct bytes text;
    TRY(transcript_fact(step, "signature", &text, err));
    root_ceremony_message(&message, prefix, step->previous, name);
    if (!buf_ok(&message) || !b64_decode(&signature, text))
        return err_set(err, E_TRANSCRIPT, "its signature is of another form");
    return verify_signature(key, x509_sig_alg_of(key->alg), buf_bytes(&message),
                            buf_bytes(&signature), err);
}

static void note_shares(struct judging *judging, struct bytes list)
{
    unsigned x = 0;
    for (size_t i = 0; i <= list.n; i++)
        if (i < list.n && list.p[i] >= '0' && list.p[i] <= '9' && x < SHARES_MOST)
            x = x * 10 + (list.p[i] - '0');
        else {
            if (x >= 1 && x <= SHARES_MOST)
                judging->tested |= 1U << (x - 1);
            x = 0;
        }
}

static enum result judge_restore(struct judging *judging, const struct transcript_step *step,
                                 struct err *err)
{
    struct bytes list;
    TRY(transcript_fact(step, "shares", &list, err));
    TRY(check_signature(step, &judging->root.key, ROOT_CEREMONY_RESTORE_PREFIX, bytes_of(NULL, 0),
                        err));
    note_shares(judging, list);
    return OK;
}

static void count_witness(struct judging *judging, struct bytes spki)
{
    uint8_t digest[SHA256_N];
    sha256(spki, digest);
    for (size_t i = 0; i < judging->witnesses_n; i++)
        if (memcmp(judging->witnesses[i], digest, sizeof digest) == 0)
            return;
    memcpy(judging->witnesses[judging->witnesses_n++], digest, sizeof digest);
}

static enum result judge_witness(struct judging *judging, const struct transcript_step *step,
                                 struct err *err)
{
    uint8_t room[SPKI_MAX];
    struct buf spki = buf_over(room, sizeof room);
    struct bytes name, text;
    struct x509_key key;
    const char *why = NULL;
    TRY(transcript_fact(step, "name", &name, err));
    TRY(transcript_fact(step, "key", &text, err));
    if (!b64_decode(&spki, text) || !x509_read_spki(buf_bytes(&spki), &key, &why) ||
        key.alg != X509_KEY_P256)
        return err_set(err, E_TRANSCRIPT, "its key is not one of P-256");
    TRY(check_signature(step, &key, ROOT_CEREMONY_WITNESS_PREFIX, name, err));
    fprintf(judging->to, "witness       %.*s, key sha256:%s\n", (int)name.n, (const char *)name.p,
            lines_digest_of(buf_bytes(&spki)).text);
    count_witness(judging, buf_bytes(&spki));
    return OK;
}

/* ---- files beside it ------------------------------------------------------------------------- */

static enum result check_file(const char *path, struct bytes wanted, struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    TRY(issuer_read_file(path, PEM_CERTIFICATE, &der, err));
    if (!bytes_equal(blob_bytes(&der), wanted))
        return err_set(err, E_TRANSCRIPT, "%s has SHA-256 %s, the transcript's has %s", path,
                       lines_digest_of(blob_bytes(&der)).text, lines_digest_of(wanted).text);
    return OK;
}

/* As the plan has it (pki/authority.h), empty and by the root's key. */
static enum result check_crl(struct judging *judging, struct bytes der, uint64_t number,
                             struct err *err)
{
    struct x509_crl crl;
    const char *why = NULL;
    int64_t this_s = judging->root.not_before_s + (int64_t)(number - 1) * ROOT_CRL_STEP_S;
    if (!x509_read_crl(der, &crl, &why))
        return err_set(err, E_TRANSCRIPT, "%s", why);
    if (!bytes_equal(crl.issuer, judging->root.subject) || crl.this_update_s != this_s ||
        crl.next_update_s != this_s + ROOT_CRL_STEP_S + ROOT_CRL_OVERLAP_S || crl.entries_n != 0)
        return err_set(err, E_TRANSCRIPT, "of another root, time or content than number %llu",
                       (unsigned long long)number);
    judging->crls_until_s = crl.next_update_s;
    return verify_signature(&judging->root.key, crl.sig_alg, crl.tbs, crl.signature, err);
}

static enum result judge_crl(struct judging *judging, struct bytes fact, uint64_t number,
                             struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    uint8_t room[128];
    struct buf wanted = buf_over(room, sizeof room);
    struct init_path path = root_ceremony_crl(judging->ceremony->folder, number);
    TRY(file_read(path.text, CRL_MAX, &der, err));
    lines_put(&wanted, "%llu %s", (unsigned long long)number,
              lines_digest_of(blob_bytes(&der)).text);
    if (!bytes_equal(fact, buf_bytes(&wanted)))
        return err_set(err, E_TRANSCRIPT, "%s is %s, the transcript has %s", path.text,
                       err_value(buf_bytes(&wanted)).text, err_value(fact).text);
    enum result result = check_crl(judging, blob_bytes(&der), number, err);
    if (result != OK)
        err_prefix(err, "%s", path.text);
    return result;
}

static enum result judge_crls(struct judging *judging, const struct transcript_step *step,
                              struct err *err)
{
    struct bytes facts = step->facts, fact;
    uint64_t number = 0;
    if (judging->tested == 0)
        return err_set(err, E_TRANSCRIPT, "nothing may be signed before a test restore");
    while (number < ROOT_CRL_COUNT && transcript_next(&facts, "crl", &fact))
        TRY(judge_crl(judging, fact, ++number, err));
    return number == ROOT_CRL_COUNT ? OK
                                    : err_set(err, E_TRANSCRIPT, "%llu CRLs, wanted %d",
                                              (unsigned long long)number, ROOT_CRL_COUNT);
}

static enum result judge_issuer(struct judging *judging, const struct transcript_step *step,
                                size_t number, struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    struct init_path path = root_ceremony_issuer(judging->ceremony->folder, number);
    struct x509_cert cert;
    const char *why = NULL;
    if (judging->tested == 0)
        return err_set(err, E_TRANSCRIPT, "nothing may be signed before a test restore");
    TRY(root_ceremony_certificate(step, &der, err));
    TRY(check_file(path.text, blob_bytes(&der), err));
    if (!x509_read_cert(blob_bytes(&der), &cert, &why))
        return err_set(err, E_TRANSCRIPT, "%s: %s", path.text, why);
    judging->issuers++;
    /* As of its first second: what was right stays right when it has ended. */
    enum result result =
        authority_check(blob_bytes(&der), blob_bytes(&judging->ceremony->certificate), cert.spki,
                        cert.not_before_s, err);
    if (result != OK)
        err_prefix(err, "%s", path.text);
    return result;
}

/* ---- altogether ------------------------------------------------------------------------------ */

static enum result judge_root(struct judging *judging, struct err *err)
{
    const char *folder = judging->ceremony->folder, *why = NULL;
    struct bytes der = blob_bytes(&judging->ceremony->certificate);
    struct pki_issuer issuer;
    if (!x509_read_cert(der, &judging->root, &why))
        return wrong_step(1, why, err);
    TRY(pki_issuer_read(PKI_ISSUER_ROOT, PKI_ISSUER_ROOT, der, &issuer, err));
    TRY(verify_signature(&judging->root.key, judging->root.sig_alg, judging->root.tbs,
                         judging->root.signature, err));
    if (!bytes_equal(judging->root.issuer, judging->root.subject))
        return wrong_step(1, "its certificate is no root's", err);
    return check_file(init_path("%s/root.pem", folder).text, der, err);
}

static enum result judge_step(struct judging *judging, size_t i, struct err *err)
{
    const struct transcript_step *step = &judging->ceremony->transcript.steps[i];
    if (step->word != TRANSCRIPT_WITNESS)
        judging->witnesses_n = 0;
    switch (step->word) {
    case TRANSCRIPT_RESTORE:
        return judge_restore(judging, step, err);
    case TRANSCRIPT_CRLS:
        return judge_crls(judging, step, err);
    case TRANSCRIPT_ISSUER:
        return judge_issuer(judging, step, i + 1, err);
    case TRANSCRIPT_WITNESS:
        return judge_witness(judging, step, err);
    case TRANSCRIPT_BEGIN:
    case TRANSCRIPT_WORDS:
        break;
    }
    return OK;
}

static enum result judge_steps(struct judging *judging, struct err *err)
{
    for (size_t i = 0; i < judging->ceremony->transcript.n; i++) {
        enum result result = judge_step(judging, i, err);
        if (result != OK) {
            err_prefix(err, "step %zu", i + 1);
            return result;
        }
    }
    return OK;
}

static void say_shares(const struct judging *judging)
{
    const struct share_set *set = &judging->ceremony->set;
    fprintf(judging->to, "shares        set %s, %u of %u are the key; a test restore had",
            share_set_name_of(set->id).text, set->needed, set->of);
    for (unsigned x = 1; x <= set->of; x++)
        if ((judging->tested >> (x - 1) & 1) != 0)
            fprintf(judging->to, " %u", x);
    fprintf(judging->to, "%s\n", judging->tested == 0 ? " none yet" : "");
}

static void say(const struct judging *judging)
{
    const struct root_ceremony *ceremony = judging->ceremony;
    struct bytes hash = root_ceremony_hash(ceremony);
    say_shares(judging);
    fprintf(judging->to, "root          sha256:%s, until %s\n",
            lines_digest_of(blob_bytes(&ceremony->certificate)).text,
            lines_instant_of(judging->root.not_after_s).text);
    if (judging->crls_until_s != 0)
        fprintf(judging->to, "CRLs          %d, until %s\n", ROOT_CRL_COUNT,
                lines_instant_of(judging->crls_until_s).text);
    fprintf(judging->to, "issuers       %zu\n", judging->issuers);
    fprintf(judging->to, "transcript    %zu steps, hash %.*s\n", ceremony->transcript.n,
            (int)hash.n, (const char *)hash.p);
}

enum result root_ceremony_verify(const struct root_ceremony *ceremony, unsigned witnesses, FILE *to,
                                 struct err *err)
{
    struct judging judging = {.ceremony = ceremony, .to = to};
    TRY(judge_root(&judging, err));
    TRY(judge_steps(&judging, err));
    say(&judging);
    if (judging.witnesses_n < witnesses)
        return err_set(err, E_CEREMONY,
                       "%zu witnesses signed what was done last, wanted %u: trothd ceremony "
                       "witness %s",
                       judging.witnesses_n, witnesses, ceremony->folder);
    return OK;
}
