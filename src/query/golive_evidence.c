/* The evidence for each of the four questions. */
#include "golive.h"

#include <ledger/act.h>
#include <registry/about.h>

#include <stdio.h>
#include <string.h>

#define DOORS 2 /* people that an act of two people takes */

static const struct piece about_nothing = {.entry = -1};

static struct piece piece_of(const char *name, enum known known, bool counts)
{
    struct piece piece = about_nothing;
    piece.name = name;
    piece.known = known;
    piece.counts = counts;
    return piece;
}

static enum known yes_if(bool is_so)
{
    return is_so ? YES : NO;
}

/* ---- an entry that shows it --------------------------------------------------------------------
 */

struct shown {
    enum event event;
    int64_t entry; /* -1 = none */
    int64_t device;
    char serial_number[LIMIT_SERIAL_NUMBER + 1];
};

static enum result note_device(void *context, const struct device *device, struct err *err)
{
    (void)err;
    struct shown *shown = context;
    shown->device = device->id;
    memcpy(shown->serial_number, device->serial_number, sizeof shown->serial_number);
    return OK;
}

static enum result note_entry(void *context, const struct entry *entry, struct err *err)
{
    (void)err;
    struct shown *shown = context;
    if (entry->event == (int)shown->event && shown->entry < 0)
        shown->entry = (int64_t)entry->seq;
    return OK;
}

/* A device of the product in that state, and the entry that brought it there. */
static enum result find_shown(const struct golive *golive, enum device_state state,
                              enum event event, struct shown *ret, struct err *err)
{
    struct store *store = golive->query->store;
    const struct filter one = {.limit = 1, .product = golive->product.id, .state = (int)state};
    *ret = (struct shown){.event = event, .entry = -1};
    TRY(store_devices(store, &one, note_device, ret, err));
    if (ret->device == 0)
        return OK;
    const struct timeline timeline = {.device = ret->device, .limit = LIMIT_PAGE_ROWS};
    return store_timeline(store, &timeline, note_entry, ret, err);
}

/* ---- how identity is issued --------------------------------------------------------------------
 */

static enum result give_proofs(struct golive *golive, struct err *err)
{
    char words[LIMIT_TEXT + 1] = "";
    size_t at = 0;
    for (int proof = PROOF_CLAIM; proof < PROOF_COUNT; proof++) {
        if ((golive->product.proofs >> proof & 1) == 0)
            continue;
        int n = snprintf(words + at, sizeof words - at, "%s%s", at > 0 ? ", " : "",
                         proof_word((enum proof)proof));
        at += n > 0 ? (size_t)n : 0;
    }
    bool is_shared = (golive->product.proofs >> PROOF_CLAIM & 1) != 0;
    struct piece accepted = piece_of("proofs accepted", yes_if(!is_shared), true);
    struct piece least =
        piece_of("least proof", yes_if(golive->policy.least_proof > PROOF_CLAIM), true);
    TRY(golive_give(golive, &accepted, err, "%s", words));
    return golive_give(golive, &least, err, "%s",
                       proof_word((enum proof)golive->policy.least_proof));
}

static enum result give_levels(struct golive *golive, struct err *err)
{
    int64_t all = 0;
    for (int proof = PROOF_NONE; proof < PROOF_COUNT; proof++) {
        struct piece level = piece_of("devices by proof", YES, false);
        if (golive->by_proof[proof] == 0)
            continue;
        all += golive->by_proof[proof];
        TRY(golive_give(golive, &level, err, "%lld by %s", (long long)golive->by_proof[proof],
                        proof_word((enum proof)proof)));
    }
    struct shown shown;
    TRY(find_shown(golive, STATE_ACTIVE, EVENT_CERTIFICATE_PROVEN, &shown, err));
    struct piece used =
        piece_of("a device has used its certificate", shown.device != 0 ? YES : UNMEASURED, true);
    used.entry = shown.entry;
    if (shown.device == 0)
        return golive_give(golive, &used, err, "none of %lld has yet: enrol one", (long long)all);
    return golive_give(golive, &used, err, "%s", shown.serial_number);
}

struct issuing {
    struct golive *golive;
    enum authority_kind kind; /* of issuers that count */
    int64_t n;
};

static enum result note_issuer(void *context, const struct authority_row *issuer, struct err *err)
{
    struct issuing *issuing = context;
    char name[LIMIT_NAME + 1];
    if (issuer->state != ISSUER_CURRENT ||
        (issuing->kind != AUTHORITY_NONE && issuer->kind != (int)issuing->kind))
        return OK;
    issuing->n++;
    struct piece piece = piece_of("issuer", YES, false);
    query_authority_name(issuer, name);
    return golive_give(issuing->golive, &piece, err, "%s %lld, %s",
                       authority_word((enum authority_kind)issuer->kind), (long long)issuer->id,
                       name);
}

static enum result note_anchor(void *context, const struct authority_row *anchor, struct err *err)
{
    (void)err;
    struct issuing *issuing = context;
    issuing->n += anchor->product == issuing->golive->product.id && anchor->state == 1 &&
                  anchor->use == ANCHOR_PROOF;
    return OK;
}

static enum result give_authorities(struct golive *golive, struct err *err)
{
    struct store *store = golive->query->store;
    struct issuing issuers = {golive, AUTHORITY_LDEVID, 0}, anchors = {.golive = golive};
    TRY(store_issuers(store, note_issuer, &issuers, err));
    TRY(store_anchors(store, note_anchor, &anchors, err));
    struct piece current = piece_of("issuers that issue to it", yes_if(issuers.n > 0), true);
    bool wants_anchor = golive->product.proofs == 1U << PROOF_IDEVID;
    struct piece accepted =
        piece_of("anchors of IDevIDs", yes_if(anchors.n > 0 || !wants_anchor), true);
    TRY(golive_give(golive, &current, err, "%lld", (long long)issuers.n));
    return golive_give(golive, &accepted, err, "%lld", (long long)anchors.n);
}

enum result golive_identity(struct golive *golive, struct err *err)
{
    static const int checks[] = {1, 3, 4, 6, 11, 12, 23, 24, 0};
    bool is_short = golive->product.validity_s <= golive->policy.max_validity_s;
    struct piece validity = piece_of("validity", yes_if(is_short), true);
    TRY(give_proofs(golive, err));
    TRY(golive_give(golive, &validity, err, "%lld days; the policy's most is %lld",
                    (long long)(golive->product.validity_s / DAY_S),
                    (long long)(golive->policy.max_validity_s / DAY_S)));
    TRY(give_authorities(golive, err));
    TRY(give_levels(golive, err));
    return golive_give_checks(golive, &golive->of_product, checks, true, err);
}

/* ---- where keys live --------------------------------------------------------------------------
 */

static enum result give_ceremony(struct golive *golive, struct err *err)
{
    int64_t rows = 0;
    TRY(store_rows(golive->query->store, TABLE_CEREMONY, &rows, err));
    struct piece piece = piece_of("key ceremony", rows > 0 ? YES : UNMEASURED, true);
    piece.entry = rows > 0 ? 0 : -1;
    return golive_give(golive, &piece, err, "%s",
                       rows > 0 ? "its record's digest is in the ledger's first entry"
                                : "this ledger has no record of one");
}

static enum result give_people(struct golive *golive, struct err *err)
{
    int64_t approvers = 0;
    TRY(store_count_approvers(golive->query->store, &approvers, err));
    struct piece people = piece_of("approvers", yes_if(approvers >= DOORS), true);
    struct piece lab = piece_of("root key", yes_if(!golive->query->is_lab), true);
    TRY(golive_give(golive, &people, err, "%lld people; acts on CAs take two",
                    (long long)approvers));
    return golive_give(golive, &lab, err, "%s",
                       golive->query->is_lab ? "this is a lab: it may lie with the data"
                                             : "not on this server: it does not start beside it");
}

static enum result give_device_keys(struct golive *golive, struct err *err)
{
    int64_t hard = golive->by_proof[PROOF_HARDWARE] + golive->by_proof[PROOF_ATTESTED];
    struct piece piece = piece_of("device keys in hardware, as proven", YES, false);
    return golive_give(golive, &piece, err, "%lld devices", (long long)hard);
}

enum result golive_custody(struct golive *golive, struct err *err)
{
    static const int checks[] = {16, 18, 21, 22, 0};
    struct issuing all = {.golive = golive};
    TRY(give_ceremony(golive, err));
    TRY(give_people(golive, err));
    TRY(store_issuers(golive->query->store, note_issuer, &all, err));
    TRY(give_device_keys(golive, err));
    return golive_give_checks(golive, &golive->of_fleet, checks, true, err);
}

/* ---- how updates are signed -------------------------------------------------------------------
 */

enum result golive_updates(struct golive *golive, struct err *err)
{
    static const int of_devices[] = {25, 26, 28, 29, 30, 32, 34, 0}, of_all[] = {33, 0};
    struct piece releases = piece_of("releases", UNMEASURED, true);
    TRY(golive_give(golive, &releases, err,
                    "this server keeps none yet: nothing here says how updates are signed"));
    TRY(golive_give_checks(golive, &golive->of_product, of_devices, true, err));
    return golive_give_checks(golive, &golive->of_fleet, of_all, true, err);
}

/* ---- how the retired are removed --------------------------------------------------------------
 */

static enum result give_tombstones(struct golive *golive, struct err *err)
{
    struct shown shown;
    TRY(find_shown(golive, STATE_RETIRED, EVENT_DEVICE_RETIRED, &shown, err));
    int64_t n = golive->by_state[STATE_RETIRED];
    struct piece piece = piece_of("tombstones", n > 0 ? YES : UNMEASURED, true);
    piece.entry = shown.entry;
    if (n == 0)
        return golive_give(golive, &piece, err,
                           "no device of it was retired yet: retire one and see");
    return golive_give(golive, &piece, err, "%lld, such as %s", (long long)n, shown.serial_number);
}

enum result golive_removal(struct golive *golive, struct err *err)
{
    static const int of_devices[] = {14, 17, 0}, of_all[] = {18, 42, 0};
    static const int of_boundaries[] = {15, 0};
    int64_t permits = 0;
    const struct query *query = golive->query;
    TRY(give_tombstones(golive, err));
    TRY(store_count_permits(query->store, golive->product.id, query->now_s, &permits, err));
    struct piece open = piece_of("open permits", YES, false);
    struct piece lost = piece_of("lost devices", YES, false);
    TRY(golive_give(golive, &open, err, "%lld tombstones may enrol once more", (long long)permits));
    TRY(golive_give(golive, &lost, err, "%lld", (long long)golive->by_state[STATE_LOST]));
    TRY(golive_give_checks(golive, &golive->of_product, of_devices, true, err));
    TRY(golive_give_checks(golive, &golive->of_product, of_boundaries, false, err));
    return golive_give_checks(golive, &golive->of_fleet, of_all, true, err);
}
