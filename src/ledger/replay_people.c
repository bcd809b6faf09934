#include "replay_people.h"

#include "replay_cells.h"
#include "replay_decisions.h"

#include <base/limits.h>
#include <wire/approval.h>

#define ENOUGH 2 /* persons */
#define IN_USE 1
#define ENDED 2
#define ACTOR_OPERATOR 3
#define ACTOR_LOCAL 4
#define OPEN 1
#define EXECUTED 2
#define RUNNING 2 /* of a bulk */

/* The kind of request that carries such an entry; NULL for an entry that needs none. */
static const char *kind_of(int64_t event)
{
    static const struct {
        int64_t event;
        const char *kind;
    } kinds[] = {
#define TWO_PEOPLE(NAME, kind) {EVENT_##NAME, kind},
#include <ledger/two_people.def>
#undef TWO_PEOPLE
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].event == event)
            return kinds[i].kind;
    return NULL;
}

int64_t replay_last_operator(const struct replay_entry *entry)
{
    int64_t last = 0;
    for (size_t i = 0; i < entry->n; i++)
        if (entry->changes[i].table == TABLE_OPERATOR && entry->changes[i].id > last)
            last = entry->changes[i].id;
    return last;
}

/* ---- who approves -----------------------------------------------------------------------------
 */

/* The person of an operator who has the right to approve; 0 for another. */
static int64_t approver_at(const struct replay_rows *rows, int64_t id)
{
    struct bytes cells = replay_rows_cells(rows, TABLE_OPERATOR, id);
    bool is_one = int_of(cells, COL_OPERATOR_APPROVER) == 1;
    int64_t person = int_of(cells, COL_OPERATOR_PERSON);
    return !is_one ? 0 : person != 0 ? person : id;
}

static bool has_right(const struct replay_rows *rows, int64_t person, int64_t last)
{
    for (int64_t id = 1; id <= last; id++)
        if (approver_at(rows, id) == person)
            return true;
    return false;
}

/* Has it by a key that did not end. */
static bool is_approver(const struct replay_rows *rows, int64_t person, int64_t last)
{
    for (int64_t id = 1; id <= last; id++)
        if (approver_at(rows, id) == person &&
            int_of(replay_rows_cells(rows, TABLE_OPERATOR, id), COL_OPERATOR_STATE) == IN_USE)
            return true;
    return false;
}

/* Persons, each once: by the first of his rows. Also those whose certificates ended: who ends
 * another's does not become the only one. */
static size_t count_approvers(const struct replay_rows *rows, int64_t last)
{
    size_t n = 0;
    for (int64_t id = 1; id <= last; id++) {
        int64_t person = approver_at(rows, id);
        n += person != 0 && !has_right(rows, person, id - 1);
    }
    return n;
}

/* ---- what carries it ---------------------------------------------------------------------------
 */

/* A new key of a person in use, with the role and scope that he has: a renewal. */
static bool is_renewal(const struct replay_rows *rows, struct bytes new, int64_t last)
{
    int64_t person = int_of(new, COL_OPERATOR_PERSON);
    for (int64_t id = 1; id <= last && person != 0; id++) {
        struct bytes old = replay_rows_cells(rows, TABLE_OPERATOR, id);
        int64_t his = int_of(old, COL_OPERATOR_PERSON);
        if ((his != 0 ? his : id) == person && int_of(old, COL_OPERATOR_STATE) == IN_USE &&
            int_of(old, COL_OPERATOR_ROLE) == int_of(new, COL_OPERATOR_ROLE) &&
            bytes_equal(text_of(old, COL_OPERATOR_SCOPE), text_of(new, COL_OPERATOR_SCOPE)))
            return true;
    }
    return false;
}

/* A verb begins on more devices than one person may end alone. */
static bool is_large_beginning(const struct replay_rows *rows, const struct replay_change *change)
{
    struct bytes row = replay_rows_cells(rows, TABLE_BULK, change->id);
    return int_of(change->cells, COL_BULK_STATE) == RUNNING &&
           (row.n == 0 || int_of(row, COL_BULK_DEVICES) > LIMIT_BULK_ALONE);
}

/* A new waiver of what is, or can become, worse than medium. */
static bool grants(const struct replay_rows *rows, const struct replay_change *change)
{
    return replay_rows_cells(rows, TABLE_WAIVER, change->id).n == 0 &&
           replay_waiver_takes_two(int_of(change->cells, COL_WAIVER_CHECK));
}

static const char *kind_of_change(const struct replay_rows *rows,
                                  const struct replay_change *change, int64_t last)
{
    bool is_issuer = change->table == TABLE_ISSUER;
    if (is_issuer &&
        (has(change->cells, COL_ISSUER_CERTIFICATE) || has(change->cells, COL_ISSUER_OWNER) ||
         int_of(change->cells, COL_ISSUER_STATE) == IN_USE))
        return kind_of(EVENT_ISSUER_ADDED);
    if (change->table == TABLE_POLICY)
        return kind_of(EVENT_POLICY_SET);
    if (change->table == TABLE_WAIVER && grants(rows, change))
        return kind_of(EVENT_WAIVER_GRANTED);
    if (change->table == TABLE_SERVICE && int_of(change->cells, COL_SERVICE_FAIL_OPEN) == 1)
        return kind_of(EVENT_SERVICE_FAIL_OPEN);
    if (change->table == TABLE_BULK && is_large_beginning(rows, change))
        return kind_of(EVENT_LARGE_BULK_BEGAN);
    if (change->table != TABLE_OPERATOR)
        return NULL;
    if (has(change->cells, COL_OPERATOR_APPROVER))
        return kind_of(EVENT_APPROVER_SET);
    if (replay_rows_cells(rows, TABLE_OPERATOR, change->id).n == 0)
        return is_renewal(rows, change->cells, last) ? NULL : kind_of(EVENT_OPERATOR_ADDED);
    if (int_of(change->cells, COL_OPERATOR_STATE) == IN_USE) /* who ended is not in use again */
        return kind_of(EVENT_OPERATOR_ADDED);
    if (has(change->cells, COL_OPERATOR_ROLE) || has(change->cells, COL_OPERATOR_SCOPE))
        return kind_of(EVENT_OPERATOR_CHANGED);
    return NULL;
}

/* A restore ends approvers that the signer's list no longer has; what carries the restore carries
 * that, and nothing else about operators. */
static bool is_end_by_restore(const struct replay_entry *entry, const struct replay_change *change)
{
    struct reader r = value_of(change->cells, COL_OPERATOR_APPROVER);
    return entry->event == EVENT_EPOCH_BEGAN && change->table == TABLE_OPERATOR && r.left > 0 &&
           int_of(change->cells, COL_OPERATOR_APPROVER) == 0 &&
           !has(change->cells, COL_OPERATOR_ROLE) && !has(change->cells, COL_OPERATOR_SCOPE);
}

/* What an entry does to operators and issuers, or begins on many devices, takes two people under
 * the name of any event. */
static const char *kind_of_entry(const struct replay_rows *rows, const struct replay_entry *entry,
                                 int64_t last)
{
    if (entry->event == EVENT_OPERATOR_RECOVERED) /* judged by its shape: check_recovery() */
        return kind_of(entry->event);
    for (size_t i = 0; i < entry->n; i++) {
        const char *kind = kind_of_change(rows, &entry->changes[i], last);
        if (kind != NULL && !is_end_by_restore(entry, &entry->changes[i]))
            return kind;
    }
    return kind_of(entry->event);
}

static const struct replay_change *find_execution(const struct replay_entry *entry)
{
    for (size_t i = 0; i < entry->n; i++)
        if (entry->changes[i].table == TABLE_APPROVAL &&
            int_of(entry->changes[i].cells, COL_APPROVAL_STATE) == EXECUTED)
            return &entry->changes[i];
    return NULL;
}

/* Distinct persons who may approve, as many as there must be. */
static bool are_enough(const struct replay_rows *rows, struct bytes persons, size_t there,
                       int64_t last)
{
    int64_t seen[APPROVAL_PERSONS_MAX];
    size_t n = 0;
    struct reader r = reader_of(persons);
    while (r.left > 0 && n < APPROVAL_PERSONS_MAX) {
        int64_t person = (int64_t)reader_u64be(&r);
        for (size_t i = 0; i < n; i++)
            if (seen[i] == person)
                return false;
        if (there > 0 && !is_approver(rows, person, last))
            return false;
        seen[n++] = person;
    }
    return reader_ok(&r) && r.left == 0 && n >= (there >= ENOUGH ? ENOUGH : 1);
}

static bool is_countersigned(const struct countersigner *signer, struct bytes hash,
                             struct bytes persons, struct bytes signature)
{
    uint8_t space[sizeof COUNTERSIGN_PREFIX + MERKLE_HASH_N + 8 * APPROVAL_PERSONS_MAX];
    struct buf text = buf_over(space, sizeof space);
    buf_put_bytes(&text, bytes_text(COUNTERSIGN_PREFIX));
    buf_put_bytes(&text, hash);
    buf_put_bytes(&text, persons);
    if (!buf_ok(&text) || signature.n == 0)
        return false;
    return signer->check == NULL || signer->check(signer->ctx, buf_bytes(&text), signature);
}

static const char *check_request(struct bytes row, const struct replay_entry *entry,
                                 const char *kind, const struct merkle_hash *hash)
{
    struct approval approval;
    uint8_t digest[MERKLE_HASH_N];
    const char *why = NULL;
    struct bytes body = octets_of(row, COL_APPROVAL_BODY);
    hash->sha256(hash->ctx, &body, 1, digest);
    if (!bytes_equal(octets_of(row, COL_APPROVAL_HASH), bytes_of(digest, sizeof digest)))
        return "an approval whose hash is that of its bytes";
    if (!approval_read(body, &approval, &why))
        return why;
    if (!bytes_equal(approval.kind, bytes_of(kind, strlen(kind))))
        return "an approval of the act that it carries";
    if (int_of(row, COL_APPROVAL_STATE) != OPEN)
        return "an approval that carries one act only";
    return entry->at_s > approval.expires_s ? "an approval that had not expired" : NULL;
}

/* ---- a recovery --------------------------------------------------------------------------------
 */

static int64_t person_at(const struct replay_rows *rows, int64_t id)
{
    int64_t person = int_of(replay_rows_cells(rows, TABLE_OPERATOR, id), COL_OPERATOR_PERSON);
    return person != 0 ? person : id;
}

/* The one new row of the entry; NULL when there is none, or more. */
static const struct replay_change *new_operator(const struct replay_rows *rows,
                                                const struct replay_entry *entry)
{
    const struct replay_change *found = NULL;
    for (size_t i = 0; i < entry->n; i++) {
        const struct replay_change *change = &entry->changes[i];
        if (change->table != TABLE_OPERATOR ||
            replay_rows_cells(rows, TABLE_OPERATOR, change->id).n > 0)
            continue;
        if (found != NULL)
            return NULL;
        found = change;
    }
    return found;
}

/* This row of his ends in the entry, with the right to approve; and nothing else becomes of it. */
static bool is_ended(const struct replay_entry *entry, int64_t id)
{
    for (size_t i = 0; i < entry->n; i++) {
        struct bytes cells = entry->changes[i].cells;
        if (entry->changes[i].table != TABLE_OPERATOR || entry->changes[i].id != id)
            continue;
        return int_of(cells, COL_OPERATOR_STATE) == ENDED &&
               int_of(cells, COL_OPERATOR_APPROVER) == 0 && !has(cells, COL_OPERATOR_ROLE) &&
               !has(cells, COL_OPERATOR_SCOPE) && !has(cells, COL_OPERATOR_SPKI) &&
               !has(cells, COL_OPERATOR_PERSON) && !has(cells, COL_OPERATOR_NAME);
    }
    return false;
}

static bool is_touched(const struct replay_entry *entry, int64_t id)
{
    for (size_t i = 0; i < entry->n; i++)
        if (entry->changes[i].table == TABLE_OPERATOR && entry->changes[i].id == id)
            return true;
    return false;
}

/* A row that was there: another's stays as it is, one of his that opens anything ends. */
static bool is_row_right(const struct replay_rows *rows, const struct replay_entry *entry,
                         int64_t id, int64_t person)
{
    struct bytes row = replay_rows_cells(rows, TABLE_OPERATOR, id);
    if (row.n == 0)
        return true;
    if (person_at(rows, id) != person)
        return !is_touched(entry, id);
    bool opens =
        int_of(row, COL_OPERATOR_STATE) == IN_USE || int_of(row, COL_OPERATOR_APPROVER) == 1;
    return opens ? is_ended(entry, id) : !is_touched(entry, id);
}

/* Role and scope of the new row are those that a row of his has. */
static bool is_like_him(const struct replay_rows *rows, struct bytes new, int64_t person,
                        int64_t last)
{
    for (int64_t id = 1; id <= last; id++) {
        struct bytes old = replay_rows_cells(rows, TABLE_OPERATOR, id);
        if (old.n > 0 && person_at(rows, id) == person &&
            int_of(old, COL_OPERATOR_ROLE) == int_of(new, COL_OPERATOR_ROLE) &&
            bytes_equal(text_of(old, COL_OPERATOR_SCOPE), text_of(new, COL_OPERATOR_SCOPE)))
            return true;
    }
    return false;
}

static const char *check_recovery(const struct replay_rows *rows, const struct replay_entry *entry,
                                  const struct replay_change *new, int64_t last)
{
    int64_t person = new == NULL ? 0 : int_of(new->cells, COL_OPERATOR_PERSON);
    if (person == 0 || int_of(new->cells, COL_OPERATOR_STATE) != IN_USE)
        return "a recovery that gives one person one key";
    for (int64_t id = 1; id <= last; id++)
        if (!is_row_right(rows, entry, id, person))
            return "a recovery that ends his keys of before, and nobody else's";
    bool approves = int_of(new->cells, COL_OPERATOR_APPROVER) == 1;
    if (!is_like_him(rows, new->cells, person, last) || approves != has_right(rows, person, last))
        return "a recovery that leaves him what he was";
    if (entry->actor_kind == ACTOR_OPERATOR && person_at(rows, entry->actor) == person)
        return "a recovery by others";
    return NULL;
}

/* What people signed is about this person and this key. */
static const char *check_parameters(struct bytes request, struct bytes new,
                                    const struct merkle_hash *hash)
{
    struct approval approval;
    struct approval_value value;
    struct bytes name;
    uint8_t digest[MERKLE_HASH_N] = {0};
    int64_t person = 0;
    const char *why = NULL;
    if (!approval_read(octets_of(request, COL_APPROVAL_BODY), &approval, &why))
        return why;
    struct reader walk = approval_walk(approval.parameters);
    while (approval_next_pair(&walk, &name, &value)) {
        if (bytes_equal(name, bytes_text("person")))
            person = value.number;
        if (bytes_equal(name, bytes_text("spki")))
            hash->sha256(hash->ctx, &value.bytes, 1, digest);
    }
    bool fits = person == int_of(new, COL_OPERATOR_PERSON) &&
                bytes_equal(octets_of(new, COL_OPERATOR_SPKI), bytes_of(digest, sizeof digest));
    return fits ? NULL : "a recovery of whom, and with the key that, people signed";
}

/* Approvers but him, and the root's key as one more; at the server, the root's key. */
static bool may_carry(const struct replay_rows *rows, const struct replay_entry *entry,
                      struct bytes persons, int64_t recovered, int64_t last)
{
    int64_t seen[APPROVAL_PERSONS_MAX];
    size_t n = 0;
    bool has_root = false;
    struct reader r = reader_of(persons);
    while (r.left > 0 && n < APPROVAL_PERSONS_MAX) {
        int64_t person = (int64_t)reader_u64be(&r);
        bool is_root = person == APPROVAL_ROOT_PERSON;
        for (size_t i = 0; i < n; i++)
            if (seen[i] == person)
                return false;
        if (!is_root && (person == recovered || !is_approver(rows, person, last)))
            return false;
        has_root = has_root || is_root;
        seen[n++] = person;
    }
    if (!reader_ok(&r) || r.left > 0)
        return false;
    size_t wanted = count_approvers(rows, last) >= ENOUGH ? ENOUGH : 1;
    return entry->actor_kind == ACTOR_LOCAL ? has_root : n >= wanted;
}

const char *replay_check_people(const struct replay_rows *rows, const struct replay_entry *entry,
                                const struct merkle_hash *hash, const struct countersigner *signer,
                                int64_t last_operator)
{
    const char *kind = kind_of_entry(rows, entry, last_operator);
    if (kind == NULL)
        return NULL;
    bool recovers = entry->event == EVENT_OPERATOR_RECOVERED;
    const struct replay_change *new = recovers ? new_operator(rows, entry) : NULL;
    const char *why = recovers ? check_recovery(rows, entry, new, last_operator) : NULL;
    if (why != NULL)
        return why;
    size_t there = count_approvers(rows, last_operator);
    bool must = entry->event == EVENT_APPROVER_SET ||
                (recovers && (entry->actor_kind == ACTOR_LOCAL ||
                              int_of(new->cells, COL_OPERATOR_APPROVER) == 1));
    if (there < ENOUGH && !must)
        return NULL;
    const struct replay_change *execution = find_execution(entry);
    if (execution == NULL)
        return "an act that takes two people, with the approval that carries it";
    struct bytes row = replay_rows_cells(rows, TABLE_APPROVAL, execution->id);
    why = check_request(row, entry, kind, hash);
    if (why == NULL && recovers)
        why = check_parameters(row, new->cells, hash);
    if (why != NULL)
        return why;
    struct bytes persons = octets_of(execution->cells, COL_APPROVAL_PERSONS);
    if (recovers ? !may_carry(rows, entry, persons, int_of(new->cells, COL_OPERATOR_PERSON),
                              last_operator)
                 : !are_enough(rows, persons, there, last_operator))
        return "an approval by as many approvers as it takes";
    struct bytes signature = octets_of(execution->cells, COL_APPROVAL_COUNTERSIGNATURE);
    if (!is_countersigned(signer, octets_of(row, COL_APPROVAL_HASH), persons, signature))
        return "an approval that the signer countersigned";
    return NULL;
}
