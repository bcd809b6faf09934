/* The entries of a new epoch, the copy into place, the journal. */
#include "restore.h"

#include "users.h"

#include <base/file.h>
#include <ipc/role.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMIT_EVERY 1000 /* entries of one transaction: what is on the way is held in memory */

/* ---- the entries of the epoch ------------------------------------------------------------------
 */

struct carrying {
    struct restore *restore;
    struct restore_done *done;
    unsigned since; /* acts since the last commit */
};

static enum result commit(struct restore *restore, struct err *err)
{
    TRY(store_commit(restore->store, err));
    ledger_committed(restore->service.ledger);
    return OK;
}

static enum result breathe(struct carrying *carrying, struct err *err)
{
    if (++carrying->since < COMMIT_EVERY)
        return OK;
    carrying->since = 0;
    TRY(commit(carrying->restore, err));
    return store_begin(carrying->restore->store, err);
}

static enum result end_revoked(void *ctx, const struct x509_crl_entry *entry, struct err *err)
{
    struct carrying *carrying = ctx;
    bool did = false;
    const struct epoch_listed listed = {.serial = entry->serial,
                                        .reason = (int)entry->reason,
                                        .is_all = carrying->restore->journal_is_lost};
    TRY(epoch_revoke(&carrying->restore->service, &listed, carrying->restore->now_s, &did, err));
    carrying->done->revoked += did;
    return did ? breathe(carrying, err) : OK;
}

/* Every word of the journal about a device; the last one counts. */
struct stands {
    struct stand {
        size_t at;
        uint8_t state, quarantine, hold;
        uint8_t product_n, serial_number_n;
        uint8_t product[LIMIT_NAME], serial_number[LIMIT_SERIAL_NUMBER];
    } * list;
    size_t n, max;
};

static void stands_free(struct stands *stands)
{
    free(stands->list);
}

static enum result add_stand(void *ctx, const struct signer_device *device, struct err *err)
{
    struct stands *stands = ctx;
    if (stands->n == stands->max) {
        size_t max = stands->max == 0 ? 256 : 2 * stands->max;
        struct stand *more = reallocarray(stands->list, max, sizeof *more);
        if (more == NULL)
            return err_set(err, E_MEMORY, "no memory for what the journal says of devices");
        stands->list = more;
        stands->max = max;
    }
    struct stand *to = &stands->list[stands->n];
    *to = (struct stand){.at = stands->n++,
                         .state = (uint8_t)device->state,
                         .quarantine = (uint8_t)device->quarantine,
                         .hold = device->hold,
                         .product_n = (uint8_t)device->product.n,
                         .serial_number_n = (uint8_t)device->serial_number.n};
    memcpy(to->product, device->product.p, device->product.n);
    memcpy(to->serial_number, device->serial_number.p, device->serial_number.n);
    return OK;
}

static int by_device(const struct stand *a, const struct stand *b)
{
    int order = memcmp(a->product, b->product, sizeof a->product);
    return order != 0 ? order : memcmp(a->serial_number, b->serial_number, sizeof a->serial_number);
}

static int by_device_and_time(const void *a, const void *b)
{
    const struct stand *left = a, *right = b;
    int order = by_device(left, right);
    return order != 0 ? order : (left->at > right->at) - (left->at < right->at);
}

static enum result apply_stand(struct carrying *carrying, const struct stand *stand,
                               struct err *err)
{
    enum epoch_stood stood = STOOD_AS_IT_WAS;
    const struct msg_device_stand word = {
        .product = bytes_of(stand->product, stand->product_n),
        .serial_number = bytes_of(stand->serial_number, stand->serial_number_n),
        .state = stand->state,
        .quarantine = stand->quarantine,
        .hold = stand->hold,
    };
    TRY(epoch_stand(&carrying->restore->service, &word, carrying->restore->now_s, &stood, err));
    carrying->done->stricter += stood == STOOD_STRICTER;
    carrying->done->kept += stood == STOOD_KEPT;
    carrying->done->unknown += stood == STOOD_UNKNOWN;
    return stood == STOOD_STRICTER ? breathe(carrying, err) : OK;
}

static enum result apply_stands(struct carrying *carrying, struct err *err)
{
    CLEANUP(stands_free) struct stands stands = {0};
    TRY(signer_past_devices(carrying->restore->past, add_stand, &stands, err));
    if (stands.n != 0)
        qsort(stands.list, stands.n, sizeof *stands.list, by_device_and_time);
    for (size_t i = 0; i < stands.n; i++)
        if (i + 1 == stands.n || by_device(&stands.list[i], &stands.list[i + 1]) != 0)
            TRY(apply_stand(carrying, &stands.list[i], err));
    return OK;
}

static enum result begin_epoch(struct restore *restore, const struct restore_request *request,
                               const struct signer_approved *approved, struct err *err)
{
    const struct signer_approver *approvers = NULL;
    size_t n = signer_past_approvers(restore->past, &approvers);
    uint8_t keys[64][32];
    for (size_t i = 0; i < n && i < LENGTH_OF(keys); i++)
        memcpy(keys[i], approvers[i].spki, sizeof keys[i]);
    struct epoch_start start = {
        .body = bytes_of(request->body, request->body_n),
        .persons = bytes_of(approved->persons, approved->persons_n),
        .countersignature = bytes_of(approved->signature, approved->signature_n),
        .lost_size = restore->facts.size,
        .journal = restore->journal_is_lost ? 0 : restore->facts.position,
        .approvers = (const uint8_t(*)[32])keys,
        .approvers_n = n,
    };
    memcpy(start.lost_root, restore->facts.root, sizeof start.lost_root);
    return epoch_begin(&restore->service, &start, restore->now_s, err);
}

static enum result write_entries(struct carrying *carrying, const struct restore_request *request,
                                 const struct signer_approved *approved, struct err *err)
{
    struct restore *restore = carrying->restore;
    struct restore_lists lists;
    TRY(store_begin(restore->store, err));
    TRY(begin_epoch(restore, request, approved, err));
    TRY(epoch_close_doors(&restore->service, restore->now_s, &carrying->done->closed, err));
    TRY(restore_lists(restore, end_revoked, carrying, &lists, err));
    TRY(apply_stands(carrying, err));
    if (restore->journal_is_lost)
        TRY(epoch_leap(&restore->service, restore->now_s, &carrying->done->floors, err));
    const struct epoch_journal journal = {.identity = restore->facts.identity,
                                          .floor = restore->facts.floor,
                                          .is_other = restore->journal_is_lost ||
                                                      restore->is_other_journal};
    TRY(epoch_take_journal(&restore->service, &journal, err));
    return commit(restore, err);
}

/* A key that the lists end signs for nobody: as many persons as it takes are operators afterwards.
 */
static enum result check_persons(struct restore *restore, const struct signer_approved *approved,
                                 struct err *err)
{
    struct reader r = reader_of(bytes_of(approved->persons, approved->persons_n));
    struct operator_row row;
    size_t wanted = restore->facts.persons < 2 ? restore->facts.persons : 2, there = 0;
    while (r.left > 0) {
        size_t n = 0;
        TRY(store_operator_keys(restore->store, (int64_t)reader_u64be(&r), &row, 1, &n, err));
        there += n;
    }
    if (there < wanted)
        return err_set(err, E_APPROVAL,
                       "signed by %zu approvers whose certificates have not ended, %zu are wanted",
                       there, wanted);
    return OK;
}

/* ---- into place --------------------------------------------------------------------------------
 */

static enum result move(const char *from, const char *to, bool may_lack, struct err *err)
{
    if (rename(from, to) == 0 || (may_lack && errno == ENOENT))
        return OK;
    return err_set(err, E_IO, "%s: %s", from, strerror(errno));
}

/* With its log: SQLite finds both under the new name. */
static enum result move_aside(struct restore *restore, char ret[BACKUP_PATH_MAX], struct err *err)
{
    char suffix[64];
    *ret = '\0';
    if (!file_exists(restore_store_file(restore, "").text))
        return OK;
    for (int i = 0;; i++) {
        snprintf(suffix, sizeof suffix, ".before-%" PRId64 "-%d", restore->now_s, i);
        if (!file_exists(restore_store_file(restore, suffix).text))
            break;
    }
    struct restore_path aside = restore_store_file(restore, suffix);
    for (size_t i = LENGTH_OF(restore_beside) - 1;
         i-- > 0;) /* all but the lease; the database last */
        TRY(move(restore_store_file(restore, restore_beside[i]).text,
                 restore_path("%s%s", aside.text, restore_beside[i]).text, i != 0, err));
    snprintf(ret, BACKUP_PATH_MAX, "%s", aside.text);
    return OK;
}

/* The checkpoint of the history that is left behind is served no more; the first of the new one
 * makes all tiles again. */
static enum result take_down_checkpoint(const struct config *config, struct err *err)
{
    struct restore_path path = restore_path("%s/" AUDIT_NOTE_FILE, config->public_files);
    if (unlink(path.text) == 0 || errno == ENOENT)
        return OK;
    return err_set(err, E_IO, "%s: %s", path.text, strerror(errno));
}

/* All that can be refused, before anything is moved. */
static enum result make_whole(struct restore *restore, struct err *err)
{
    struct restore_path whole = restore_store_file(restore, ".restored");
    TRY(store_copy(restore->store, whole.text, err));
    if (chmod(whole.text, 0640) != 0) /* the reader is of its group */
        return err_set(err, E_IO, "%s: %s", whole.text, strerror(errno));
    return OK;
}

static enum result put_in_place(struct restore *restore, struct restore_done *done, struct err *err)
{
    const struct config *config = restore->config;
    TRY(backup_copy_tree(restore_path("%s/" BACKUP_CA, restore->folder).text,
                         restore_path("%s/ca", config->data).text, NULL, err));
    TRY(backup_copy_tree(restore_path("%s/" BACKUP_PUBLIC, restore->folder).text,
                         config->public_files, NULL, err));
    TRY(take_down_checkpoint(config, err));
    TRY(move_aside(restore, done->aside, err));
    TRY(move(restore_store_file(restore, ".restored").text, restore_store_file(restore, "").text,
             false, err));
    TRY(folder_sync(restore_path("%s/" ROLE_FOLDER_STORE, config->data).text, err));
    return users_own(config, err);
}

struct ending {
    struct signer_approver list[64];
    size_t n;
};

/* Of the signer's approvers those that the database has not: their rows are lost, and so their
 * numbers, which others will get. */
static enum result find_ending(struct restore *restore, struct ending *ret, struct err *err)
{
    const struct signer_approver *approvers = NULL;
    size_t n = signer_past_approvers(restore->past, &approvers);
    for (size_t i = 0; i < n && !restore->journal_is_lost; i++) {
        struct operator_row row = {0};
        enum result result = store_operator(restore->store, approvers[i].spki, &row, err);
        if (result != OK && result != R_NOT_FOUND)
            return result;
        if ((result != OK || !row.is_approver) && ret->n < LENGTH_OF(ret->list))
            ret->list[ret->n++] = approvers[i];
    }
    return OK;
}

static enum result write_journal(struct restore *restore, const struct signer_approved *approved,
                                 struct restore_done *done, struct err *err)
{
    struct ending ending = {0};
    TRY(find_ending(restore, &ending, err));
    struct signer_epoch epoch = {
        .size = ledger_size(restore->service.ledger),
        .from_size = restore->verified.entries,
        .ordinal = (uint64_t)restore->service.last_id[TABLE_EPOCH],
        .floor = done->floors.serial,
        .least_crl_number = done->floors.crl,
        .ends = ending.list,
        .ends_n = ending.n,
    };
    ledger_root(restore->service.ledger, epoch.root);
    memcpy(epoch.approval, approved->hash, sizeof epoch.approval);
    done->approvers_ended = ending.n;
    return signer_past_begin_epoch(restore->past, &epoch, err);
}

enum result restore_carry_out(struct restore *restore, const struct restore_request *request,
                              struct restore_done *ret, struct err *err)
{
    struct signer_approved approved;
    struct carrying carrying = {.restore = restore, .done = ret};
    *ret = (struct restore_done){0};
    TRY(signer_past_approve(restore->past, bytes_of(request->body, request->body_n),
                            bytes_of(request->signatures, request->signatures_n), restore->now_s,
                            &approved, err));
    TRY(write_entries(&carrying, request, &approved, err));
    TRY(check_persons(restore, &approved, err));
    TRY(make_whole(restore, err));
    if (restore
            ->journal_is_lost) { /* a database without its journal begins one: so this is first */
        TRY(write_journal(restore, &approved, ret, err));
        return put_in_place(restore, ret, err);
    }
    TRY(put_in_place(restore, ret, err));
    return write_journal(restore, &approved, ret, err);
}
