#include <service/finding.h>
#include <service/verb.h>

#include <string.h>
#include <wire/b64.h>

struct root_text {
    char text[48];
};

static struct root_text text_of(const uint8_t root[32])
{
    struct root_text ret = {0};
    struct buf b = buf_over(ret.text, sizeof ret.text - 1);
    b64_encode(&b, bytes_of(root, 32));
    return ret;
}

/* A backup of another server, or of a past that is no longer ours, proves nothing. */
static enum result check_root(struct service *service, const struct msg_backup_note *ask,
                              struct err *err)
{
    uint8_t root[32];
    uint64_t size = ledger_size(service->ledger);
    if (ask->size == 0 || ask->size > size)
        return err_set(err, E_BACKUP_OTHER, "size: seen %llu, wanted 1 to %llu, the ledger's",
                       (unsigned long long)ask->size, (unsigned long long)size);
    TRY(ledger_root_at(service->ledger, ask->size, root, err));
    if (bytes_equal(ask->root, bytes_of(root, sizeof root)))
        return OK;
    return err_set(err, E_BACKUP_OTHER, "root of %llu entries: seen %s, wanted %s",
                   (unsigned long long)ask->size,
                   ask->root.n == 32 ? text_of(ask->root.p).text : "no 32 octets",
                   text_of(root).text);
}

enum result verb_backup_note(struct service *service, const struct operator_is *who,
                             const struct msg_backup_note *ask, int64_t now_s,
                             struct msg_verb_answer *answer, struct err *err)
{
    const struct subject_key whole = {SUBJECT_INSTALLATION, 0};
    TRY(verb_allow(who, OPERATE_BACKUP, NULL, err));
    if (ask->kind == BACKUP_NONE || ask->kind >= BACKUP_COUNT)
        return err_set(err, E_SYNTAX, "kind: seen %u, wanted made or drilled", ask->kind);
    TRY(check_root(service, ask, err));
    service_act(service, ask->kind == BACKUP_MADE ? EVENT_BACKUP_MADE : EVENT_RESTORE_DRILLED,
                now_s, who->actor, 0);
    struct change *c = act_change(&service->act, TABLE_BACKUP_NOTE, ask->kind);
    change_int(c, COL_BACKUP_NOTE_SIZE, (int64_t)ask->size);
    change_blob(c, COL_BACKUP_NOTE_ROOT, ask->root);
    change_int(c, COL_BACKUP_NOTE_NOTED_AT, now_s);
    TRY(service_record(service, &answer->entry, err));
    answer->changed = 1;
    return finding_settle_about(service, whole, now_s, err);
}
