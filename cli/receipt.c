/* The receipt of a transfer of ownership: verified here, with nothing but itself, and shown from
 * the bytes that were verified. */
#include <cli/actions.h>
#include <cli/print.h>

#include <crypto/hash.h>
#include <crypto/start.h>
#include <crypto/verify.h>
#include <wire/approval.h>
#include <wire/b64.h>
#include <wire/hex.h>
#include <wire/merkle.h>
#include <wire/receipt.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ENTRY_MAX 65535

struct held {
    json_int_t number; /* of the entry */
    size_t entry_n, body_n;
    uint8_t entry[ENTRY_MAX], body[APPROVAL_MAX];
    uint8_t leaf[MERKLE_HASH_N];
    struct receipt receipt; /* points into entry */
};

/* ---- does it hold ------------------------------------------------------------------------------
 */

static enum result read_member(const json_t *from, const char *name, struct buf *to,
                               struct err *err)
{
    const char *text = json_string_value(json_object_get(from, name));
    if (text == NULL || !b64_decode(to, bytes_of(text, strlen(text))))
        return err_set(err, E_RECEIPT, "member \"%s\" has no base64", name);
    return OK;
}

static enum result check_leaf(const json_t *from, struct held *held, struct err *err)
{
    char hex[2 * MERKLE_HASH_N + 1];
    struct buf text = buf_over(hex, sizeof hex - 1);
    const char *said = json_string_value(json_object_get(from, "leaf"));
    merkle_leaf(&sha256_for_merkle, bytes_of(held->entry, held->entry_n), held->leaf);
    hex_encode(&text, bytes_of(held->leaf, sizeof held->leaf));
    hex[text.n] = '\0';
    if (said == NULL || strcmp(said, hex) != 0)
        return err_set(err, E_RECEIPT, "the entry's leaf hash is %s, not the one that is said",
                       hex);
    return OK;
}

static enum result read_receipt(struct held *held, struct err *err)
{
    struct bytes octets;
    const char *why = NULL;
    if (!receipt_in_entry(bytes_of(held->entry, held->entry_n), &octets, &why) ||
        !receipt_read(octets, &held->receipt, &why) ||
        !receipt_fits(&held->receipt, bytes_of(held->body, held->body_n), &why))
        return err_set(err, E_RECEIPT, "%s", why);
    return OK;
}

static enum result check_hash(const struct held *held, struct err *err)
{
    uint8_t hash[MERKLE_HASH_N];
    sha256(bytes_of(held->body, held->body_n), hash);
    if (!bytes_equal(held->receipt.body_hash, bytes_of(hash, sizeof hash)))
        return err_set(err, E_RECEIPT, "its hash is not that of the bytes that were signed");
    return OK;
}

static enum result check_side(const struct held *held, const struct receipt_side *side,
                              const char *who, struct err *err)
{
    static uint8_t space[sizeof APPROVAL_PREFIX + APPROVAL_MAX];
    struct buf message = buf_over(space, sizeof space);
    struct x509_key key;
    const char *why = NULL;
    buf_put_bytes(&message, bytes_text(APPROVAL_PREFIX));
    buf_put_bytes(&message, bytes_of(held->body, held->body_n));
    bool is_p256 = x509_read_spki(side->key, &key, &why) && key.alg == X509_KEY_P256;
    if (!is_p256 || verify_signature(&key, X509_SIG_ECDSA_SHA256, buf_bytes(&message),
                                     side->signature, NULL) != OK)
        return err_set(err, E_RECEIPT, "what operator %lld %s is not signed with the key it names",
                       (long long)side->operator_row, who);
    return OK;
}

static enum result check_sides(const struct held *held, struct err *err)
{
    const struct receipt *receipt = &held->receipt;
    if (receipt->released.operator_row == receipt->accepted.operator_row ||
        bytes_equal(receipt->released.key, receipt->accepted.key))
        return err_set(err, E_RECEIPT, "both sides are operator %lld",
                       (long long)receipt->released.operator_row);
    TRY(check_side(held, &receipt->released, "released", err));
    return check_side(held, &receipt->accepted, "accepted", err);
}

static enum result verify(const json_t *from, struct held *held, struct err *err)
{
    struct buf entry = buf_over(held->entry, sizeof held->entry);
    struct buf body = buf_over(held->body, sizeof held->body);
    TRY(crypto_start(err));
    TRY(read_member(from, "entry_body", &entry, err));
    TRY(read_member(from, "body", &body, err));
    held->entry_n = entry.n;
    held->body_n = body.n;
    held->number = json_integer_value(json_object_get(from, "entry"));
    TRY(check_leaf(from, held, err));
    TRY(read_receipt(held, err));
    TRY(check_hash(held, err));
    return check_sides(held, err);
}

/* ---- for people --------------------------------------------------------------------------------
 */

static void print_text(struct session *session, const char *title, struct bytes text)
{
    char *copy = strndup(text.n > 0 ? (const char *)text.p : "", text.n);
    fprintf(session->out, "  %-9s ", title);
    print_clean(copy != NULL ? copy : "?", session->out);
    fputc('\n', session->out);
    free(copy);
}

static void print_hex(struct session *session, const char *before, struct bytes octets)
{
    char hex[2 * RECEIPT_MAX + 1];
    struct buf text = buf_over(hex, sizeof hex - 1);
    hex_encode(&text, octets);
    hex[text.n] = '\0';
    fprintf(session->out, "%s%s", before, hex);
}

static void print_time(struct session *session, int64_t at_s)
{
    char text[32] = "at a time that nobody wrote down";
    time_t at = at_s;
    struct tm tm;
    if (at_s != 0 && gmtime_r(&at, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    fputs(text, session->out);
}

/* The name is the server's word: the receipt has the operator's number and key. */
static void print_side(struct session *session, const char *title, const struct receipt_side *side,
                       const char *name)
{
    uint8_t hash[MERKLE_HASH_N];
    sha256(side->key, hash);
    fprintf(session->out, "  %-9s ", title);
    print_time(session, side->at_s);
    fprintf(session->out, " by operator %lld", (long long)side->operator_row);
    if (name != NULL && name[0] != '\0') {
        fputs(" (", session->out);
        print_clean(name, session->out);
        fputc(')', session->out);
    }
    print_hex(session, ", key ", bytes_of(hash, sizeof hash));
    fputc('\n', session->out);
}

static void print_certificate_of(struct session *session, const char *title,
                                 const struct receipt_certificate *certificate)
{
    fprintf(session->out, "  %-9s ", title);
    if (certificate->row == 0) {
        fputs("none: it was not used before\n", session->out);
        return;
    }
    print_hex(session, "certificate ", certificate->serial);
    print_hex(session, ", SHA-256 ", certificate->digest);
    fputc('\n', session->out);
}

static const char *name_of(const json_t *from, const char *member)
{
    return json_string_value(json_object_get(from, member));
}

static void print_receipt(struct session *session, const json_t *from, const struct held *held)
{
    const struct receipt *receipt = &held->receipt;
    fprintf(session->out, "receipt of transfer %llu\n", (unsigned long long)receipt->transfer);
    print_text(session, "product", receipt->product);
    print_text(session, "device", receipt->serial_number);
    print_text(session, "from", receipt->from);
    print_text(session, "to", receipt->to);
    print_side(session, "released", &receipt->released, name_of(from, "released_by"));
    print_side(session, "accepted", &receipt->accepted, name_of(from, "accepted_by"));
    print_certificate_of(session, "old", &receipt->before);
    print_certificate_of(session, "new", &receipt->after);
    fprintf(session->out, "  %-9s ", "done");
    print_time(session, receipt->done_s);
    print_hex(session, "\n  signed    SHA-256 ", receipt->body_hash);
    fprintf(session->out, "\n  entry     %lld", (long long)held->number);
    print_hex(session, ", leaf hash ", bytes_of(held->leaf, sizeof held->leaf));
    fprintf(
        session->out,
        "\nIt holds: both signatures are over the same bytes, which say this, and the entry has "
        "that hash.\nThat the log has the entry says: trothd audit proof %lld\n",
        (long long)held->number);
}

/* ---- the commands ------------------------------------------------------------------------------
 */

static enum result show(struct session *session, const json_t *from, struct err *err)
{
    static struct held held;
    TRY(verify(from, &held, err));
    if (session->is_json)
        print_json(session, from);
    else
        print_receipt(session, from, &held);
    return OK;
}

enum result action_transfer_receipt(struct session *session, const struct plan *plan,
                                    struct err *err)
{
    char path[CLI_PATH_MAX];
    json_auto_t *receipt = NULL;
    TRY(session_expand(session, plan->path, true, path, sizeof path, err));
    TRY(plan_get(session, path, &receipt, err));
    return show(session, receipt, err);
}

enum result action_transfer_verify(struct session *session, const struct plan *plan,
                                   struct err *err)
{
    (void)plan;
    CLEANUP(blob_free) struct blob file = {0};
    const char *path = session_text(session, "FILE");
    json_error_t why;
    TRY(session_read(path, &file, err));
    struct bytes text = blob_bytes(&file);
    json_auto_t *receipt = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (receipt == NULL)
        return err_set(err, E_RECEIPT, "%s is no JSON: line %d: %s", path, why.line, why.text);
    return show(session, receipt, err);
}
