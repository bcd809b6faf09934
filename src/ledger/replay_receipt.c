#include "replay_receipt.h"

#include "replay_cells.h"

#include <wire/receipt.h>

#define CURRENT 2 /* above it, a certificate has ended */

_Static_assert(RECEIPT_TABLE == (int)TABLE_TRANSFER && RECEIPT_COLUMN == (int)COL_TRANSFER_RECEIPT,
               "a receipt is found in its entry by these numbers");

static struct receipt_side side_of(struct bytes row, uint8_t person, uint8_t at, uint8_t key)
{
    return (struct receipt_side){
        .operator_row = int_of(row, person),
        .at_s = int_of(row, at),
        .key = octets_of(row, key),
        .signature = octets_of(row, (uint8_t)(key + 1)),
    };
}

static struct receipt_certificate certificate_of(const struct replay_rows *rows, int64_t id)
{
    struct bytes cells = replay_rows_cells(rows, TABLE_CERTIFICATE, id);
    return (struct receipt_certificate){
        .row = id,
        .serial = octets_of(cells, COL_CERTIFICATE_SERIAL),
        .digest = octets_of(cells, COL_CERTIFICATE_DIGEST),
    };
}

/* What the rows say, about the certificates that the receipt names. */
static struct receipt wanted_of(const struct replay_rows *rows, struct bytes row,
                                const struct receipt *said)
{
    int64_t device = int_of(row, COL_TRANSFER_DEVICE);
    struct bytes cells = replay_rows_cells(rows, TABLE_DEVICE, device);
    struct bytes product =
        replay_rows_cells(rows, TABLE_PRODUCT, int_of(cells, COL_DEVICE_PRODUCT));
    return (struct receipt){
        .transfer = said->transfer,
        .device = device,
        .product = text_of(product, COL_PRODUCT_NAME),
        .serial_number = text_of(cells, COL_DEVICE_SERIAL_NUMBER),
        .from = text_of(row, COL_TRANSFER_FROM_OWNER),
        .to = text_of(row, COL_TRANSFER_TO_OWNER),
        .body_hash = said->body_hash,
        .released =
            side_of(row, COL_TRANSFER_RELEASER, COL_TRANSFER_RELEASED_AT, COL_TRANSFER_RELEASE_KEY),
        .accepted =
            side_of(row, COL_TRANSFER_ACCEPTER, COL_TRANSFER_ACCEPTED_AT, COL_TRANSFER_ACCEPT_KEY),
        .before = certificate_of(rows, said->before.row),
        .after = certificate_of(rows, said->after.row),
        .done_s = said->done_s,
    };
}

/* The new one was issued after both had signed and is the one in use; the old one has ended. */
static bool are_its_certificates(const struct replay_rows *rows, struct bytes row,
                                 const struct receipt *said)
{
    int64_t last = int_of(row, COL_TRANSFER_AFTER_CERTIFICATE);
    struct bytes old = replay_rows_cells(rows, TABLE_CERTIFICATE, said->before.row);
    struct bytes new = replay_rows_cells(rows, TABLE_CERTIFICATE, said->after.row);
    int64_t old_state = int_of(old, COL_CERTIFICATE_STATE);
    bool is_old_right = said->before.row == 0 ||
                        (said->before.row <= last && old_state > CURRENT &&
                         int_of(old, COL_CERTIFICATE_DEVICE) == int_of(row, COL_TRANSFER_DEVICE));
    return is_old_right && said->after.row > last &&
           int_of(new, COL_CERTIFICATE_STATE) == CURRENT &&
           int_of(new, COL_CERTIFICATE_DEVICE) == int_of(row, COL_TRANSFER_DEVICE);
}

static const char *check(const struct replay_rows *rows, const struct replay_entry *entry,
                         const struct replay_change *change, const struct merkle_hash *hash)
{
    uint8_t space[RECEIPT_MAX], digest[MERKLE_HASH_N];
    struct buf wanted = buf_over(space, sizeof space);
    struct bytes octets = octets_of(change->cells, COL_TRANSFER_RECEIPT);
    struct bytes row = replay_rows_cells(rows, TABLE_TRANSFER, change->id);
    struct bytes body = octets_of(row, COL_TRANSFER_BODY);
    struct receipt said;
    const char *why = NULL;
    if (!receipt_read(octets, &said, &why))
        return why;
    hash->sha256(hash->ctx, &body, 1, digest);
    const struct receipt rebuilt = wanted_of(rows, row, &said);
    receipt_write(&wanted, &rebuilt);
    bool fits = buf_ok(&wanted) && bytes_equal(buf_bytes(&wanted), octets) &&
                said.transfer == (uint64_t)change->id &&
                bytes_equal(said.body_hash, bytes_of(digest, sizeof digest)) &&
                said.done_s <= entry->at_s && said.done_s >= said.accepted.at_s;
    if (!fits)
        return "a receipt that says what its rows say";
    return are_its_certificates(rows, row, &said)
               ? NULL
               : "a receipt of a new certificate in use and an old one that ended";
}

/* What was accepted before there were receipts ends without one, in the words of then. */
const char *replay_check_receipt(const struct replay_rows *rows, const struct replay_entry *entry,
                                 const struct replay_change *change, const struct merkle_hash *hash)
{
    struct bytes row = replay_rows_cells(rows, TABLE_TRANSFER, change->id);
    bool is_there = has(change->cells, COL_TRANSFER_RECEIPT);
    bool is_wanted = int_of(row, COL_TRANSFER_ACCEPTED_AT) != 0;
    if (is_there != (entry->event == EVENT_TRANSFER_RECEIPT))
        return "a receipt in a receipt's entry";
    if (is_there)
        return check(rows, entry, change, hash);
    return is_wanted ? "a transfer that ends with its receipt" : NULL;
}
