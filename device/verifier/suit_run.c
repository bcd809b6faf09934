// Command sequences: a list of (command, argument), with alternatives one in the other to a depth
// that the frames give.
#include "fields.h"
#include "suit.h"
#include <troth/same.h>

#define FRAMES 5 // a sequence, and twice alternatives with a sequence in them

enum command {
    CONDITION_VENDOR = 1,
    CONDITION_CLASS = 2,
    CONDITION_IMAGE = 3,
    CONDITION_SLOT = 5,
    SET_COMPONENT = 12,
    CONDITION_ABORT = 14,
    TRY_EACH = 15,
    WRITE = 18,
    OVERRIDE = 20,
    FETCH = 21,
    COPY = 22,
    INVOKE = 23,
    CONDITION_DEVICE = 24,
};

#define REPORT_MAX 15 // SUIT_Rep_Policy: four bits

// What is left of a sequence, or of alternatives: one is in the other by turns, the first is a
// sequence. While alternatives are judged, of each component the parameters (`has`) that there were
// before them, and above 16 bits those that one of them so far did not leave.
struct frame {
    struct reader r;
    size_t left;
    uint32_t kept[TROTH_SUIT_COMPONENTS_MAX];
};

struct run {
    struct troth_suit *suit;
    enum suit_pass pass;
    bool is_shared;
    size_t depth;
    struct frame frames[FRAMES];
};

// ---- conditions

static enum troth_verdict is_id(const struct troth_octets *wanted, const uint8_t *mine,
                                enum troth_verdict otherwise)
{
    if (wanted->p == NULL)
        return TROTH_MISSING;
    if (mine == NULL)
        return otherwise;
    return valid_if_zero(octets_differ(wanted->p, mine, TROTH_SUIT_ID_N), otherwise);
}

static size_t piece_of(const struct troth_suit_component *one, size_t offset)
{
    size_t most = (size_t)1 << 20;
    if ((one->has & SUIT_SIZE) == 0)
        return most;
    return one->size - offset < most ? one->size - offset : most;
}

// Its size's octets of the place have its digest; without a size, all up to the place's end.
static enum troth_verdict match_image(struct troth_suit *suit,
                                      const struct troth_suit_component *one)
{
    const struct troth_hash *hash = suit->trust.crypto->hash;
    const struct troth_suit_acts *acts = suit->device->acts;
    union troth_hash_state state;
    uint8_t digest[TROTH_HASH_N];
    bool is_read = true;
    size_t offset = 0;
    if ((one->has & SUIT_DIGEST) == 0)
        return TROTH_MISSING;
    if (acts->read == NULL)
        return TROTH_PLATFORM;
    hash->begin(&state);
    for (;;) {
        size_t n = piece_of(one, offset);
        if (n == 0)
            break;
        struct troth_octets piece = acts->read(suit->device->context, one->place, offset, n);
        is_read = piece.p != NULL && piece.n <= n;
        if (!is_read || piece.n == 0)
            break;
        hash->add(&state, piece.p, piece.n);
        offset += piece.n;
    }
    hash->end(&state, digest);
    if (!is_read)
        return TROTH_PLATFORM;
    if ((one->has & SUIT_SIZE) != 0 && offset != one->size)
        return TROTH_WRONG_SIZE;
    return valid_if_zero(octets_differ(digest, one->digest, sizeof digest), TROTH_WRONG_IMAGE);
}

// ---- directives

// An image that is there already is not written again: so a manifest goes on after a power cut.
static bool is_there(struct troth_suit *suit, const struct troth_suit_component *one)
{
    uint32_t known = SUIT_DIGEST | SUIT_SIZE;
    return (one->has & known) == known && match_image(suit, one) == TROTH_VALID;
}

static enum troth_verdict done(bool is_done)
{
    return is_done ? TROTH_VALID : TROTH_PLATFORM;
}

static enum troth_verdict write_content(const struct troth_suit *suit,
                                        const struct troth_suit_component *one,
                                        struct troth_octets content)
{
    const struct troth_suit_acts *acts = suit->device->acts;
    if ((one->has & SUIT_SIZE) != 0 && content.n != one->size)
        return TROTH_WRONG_SIZE;
    if ((one->has & SUIT_DIGEST) != 0) {
        enum troth_verdict verdict =
            suit_has_digest(suit, bytes_of(content.p, content.n), one->digest, TROTH_WRONG_IMAGE);
        if (verdict != TROTH_VALID)
            return verdict;
    }
    return done(acts->write != NULL && acts->write(suit->device->context, one->place, content));
}

static enum troth_verdict fetch(struct run *run, const struct troth_suit_component *one)
{
    const struct troth_suit_acts *acts = run->suit->device->acts;
    struct troth_octets content = {NULL, 0};
    if ((one->has & SUIT_URI) == 0)
        return TROTH_MISSING;
    bool is_here = one->uri.n > 0 && one->uri.p[0] == '#';
    if (is_here && !suit_find_payload(run->suit, bytes_of(one->uri.p, one->uri.n), &content))
        return TROTH_MISSING;
    if (run->pass == SUIT_JUDGE || is_there(run->suit, one))
        return TROTH_VALID;
    if (is_here)
        return write_content(run->suit, one, content);
    return done(acts->fetch != NULL &&
                acts->fetch(run->suit->device->context, one->place, one->uri, one->size));
}

static enum troth_verdict write(struct run *run, const struct troth_suit_component *one)
{
    if ((one->has & SUIT_CONTENT) == 0)
        return TROTH_MISSING;
    if (run->pass == SUIT_JUDGE || is_there(run->suit, one))
        return TROTH_VALID;
    return write_content(run->suit, one, one->content);
}

static enum troth_verdict copy(struct run *run, const struct troth_suit_component *one)
{
    const struct troth_suit *suit = run->suit;
    const struct troth_suit_acts *acts = suit->device->acts;
    if ((one->has & (SUIT_SOURCE | SUIT_SIZE)) != (SUIT_SOURCE | SUIT_SIZE))
        return TROTH_MISSING;
    if (one->source >= suit->n || suit->components[one->source].place == one->place)
        return TROTH_WRONG_COMPONENT;
    if (run->pass == SUIT_JUDGE || is_there(run->suit, one))
        return TROTH_VALID;
    return done(acts->copy != NULL && acts->copy(suit->device->context, one->place,
                                                 suit->components[one->source].place, one->size));
}

static enum troth_verdict invoke(struct run *run, const struct troth_suit_component *one)
{
    const struct troth_suit_device *device = run->suit->device;
    if (run->pass == SUIT_JUDGE)
        return TROTH_VALID;
    return done(device->acts->invoke != NULL && device->acts->invoke(device->context, one->place));
}

// ---- one command on one component

static enum troth_verdict check(struct run *run, const struct troth_suit_component *one,
                                uint32_t command)
{
    struct troth_suit *suit = run->suit;
    const struct troth_suit_device *device = suit->device;
    volatile enum troth_verdict verdict = TROTH_CONDITION;
    switch (command) {
    case CONDITION_VENDOR:
        verdict = is_id(&one->vendor, device->vendor, TROTH_WRONG_VENDOR);
        break;
    case CONDITION_CLASS:
        verdict = is_id(&one->class_id, device->class_id, TROTH_WRONG_CLASS);
        break;
    case CONDITION_DEVICE:
        verdict = is_id(&one->device, device->device, TROTH_OTHER_DEVICE);
        break;
    case CONDITION_SLOT:
        if ((one->has & SUIT_SLOT) == 0)
            verdict = TROTH_MISSING;
        else if (device->places[one->place].slot == one->slot)
            verdict = TROTH_VALID;
        break;
    default: // CONDITION_ABORT never holds
        break;
    }
    if (verdict == TROTH_VALID && command <= CONDITION_CLASS)
        suit->held |= command == CONDITION_VENDOR ? SUIT_VENDOR : SUIT_CLASS;
    // While it is only judged, it is not known yet which alternative counts.
    enum troth_verdict judged = verdict == TROTH_MISSING ? verdict : TROTH_VALID;
    return (enum troth_verdict)either(run->pass ^ SUIT_JUDGE, verdict, judged);
}

static enum troth_verdict act(struct run *run, const struct troth_suit_component *one,
                              uint32_t command)
{
    switch (command) {
    case CONDITION_IMAGE:
        if (run->pass == SUIT_DO)
            return match_image(run->suit, one);
        return (one->has & SUIT_DIGEST) != 0 ? TROTH_VALID : TROTH_MISSING;
    case WRITE:
        return write(run, one);
    case FETCH:
        return fetch(run, one);
    case COPY:
        return copy(run, one);
    case INVOKE:
        return invoke(run, one);
    default:
        return TROTH_UNKNOWN_COMMAND;
    }
}

static bool is_condition(uint32_t command)
{
    return command == CONDITION_VENDOR || command == CONDITION_CLASS ||
           command == CONDITION_DEVICE || command == CONDITION_SLOT || command == CONDITION_ABORT;
}

static enum troth_verdict on_one(struct run *run, uint32_t i, uint32_t command)
{
    const struct troth_suit_component *one = &run->suit->components[i];
    if (is_condition(command))
        return check(run, one, command);
    if (run->is_shared)
        return TROTH_UNKNOWN_COMMAND; // what acts may not stand there
    if (command != INVOKE)
        run->suit->matched &= ~(1u << i); // until it is found to match again
    enum troth_verdict verdict = act(run, one, command);
    if (command == CONDITION_IMAGE && run->pass == SUIT_DO)
        run->suit->matched |= (1u ^ is_nonzero((uint32_t)verdict ^ TROTH_VALID)) << i;
    return verdict;
}

// On every chosen component, in their order, until one fails. That none was passed over is found
// apart.
static enum troth_verdict on_chosen(struct run *run, uint32_t command)
{
    const struct troth_suit *suit = run->suit;
    enum troth_verdict why = TROTH_FAULT;
    uint32_t looked_at = 0, bad = 0;
    if (suit->chosen == 0)
        return TROTH_MISSING;
    for (uint32_t i = 0; i < suit->n && bad == 0; i++) {
        if ((suit->chosen >> i & 1) == 0)
            continue;
        enum troth_verdict verdict = on_one(run, i, command);
        looked_at |= 1u << i;
        bad |= (uint32_t)verdict ^ TROTH_VALID;
        if (verdict != TROTH_VALID)
            why = verdict;
    }
    return valid_if_zero(bad | (looked_at ^ suit->chosen), why);
}

// 12: an index, true for all, or a list of indices.
static enum troth_verdict choose(struct troth_suit *suit, struct reader *r)
{
    enum cbor_type type = cbor_peek(r);
    if (type == CBOR_BOOL) {
        suit->chosen = (1u << suit->n) - 1;
        return cbor_read_bool(r) ? TROTH_VALID : TROTH_MALFORMED;
    }
    size_t n = type == CBOR_ARRAY ? cbor_read_array(r) : 1;
    suit->chosen = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t index = field_read_u32(r);
        if (!reader_ok(r))
            return TROTH_MALFORMED;
        if (index >= suit->n)
            return TROTH_WRONG_COMPONENT;
        suit->chosen |= 1u << index;
    }
    return suit->chosen != 0 ? TROTH_VALID : TROTH_MALFORMED;
}

// ---- the frames

// Is the innermost frame one of alternatives?
static bool is_choice(const struct run *run)
{
    return run->depth % 2 == 0;
}

static enum troth_verdict push(struct run *run, struct bytes octets)
{
    if (run->depth == FRAMES)
        return TROTH_TOO_LARGE;
    struct frame *frame = &run->frames[run->depth++];
    frame->r = reader_of(octets);
    for (uint32_t i = 0; i < TROTH_SUIT_COMPONENTS_MAX; i++)
        frame->kept[i] = run->suit->components[i].has;
    frame->left = cbor_read_array(&frame->r);
    bool is_half = (frame->left & run->depth & 1) != 0; // a sequence is of pairs
    if (!reader_ok(&frame->r) || frame->left == 0 || is_half)
        return TROTH_MALFORMED;
    return TROTH_VALID;
}

static enum troth_verdict push_choice(struct run *run, struct reader *r)
{
    struct bytes alternatives = field_read_list(r);
    return reader_ok(r) ? push(run, alternatives) : TROTH_MALFORMED;
}

// An alternative was judged. The next one has nothing of it; what follows the last one has what
// they all leave, since any of them may be the one that counts.
static void leave_judged(const struct run *run, struct frame *choice)
{
    for (uint32_t i = 0; i < TROTH_SUIT_COMPONENTS_MAX; i++) {
        uint32_t *has = &run->suit->components[i].has;
        uint32_t kept = choice->kept[i] |= ~*has << 16;
        *has = choice->left > 0 ? (uint16_t)kept : ~kept >> 16;
    }
}

static enum troth_verdict run_command(struct run *run, struct frame *frame)
{
    struct reader *r = &frame->r;
    run->suit->at = r->p;
    uint32_t command = field_read_u32(r);
    frame->left -= 2;
    if (!reader_ok(r))
        return TROTH_MALFORMED;
    if (command == SET_COMPONENT)
        return choose(run->suit, r);
    if (command == OVERRIDE)
        return run->suit->chosen != 0 ? suit_override(run->suit, r, run->is_shared) : TROTH_MISSING;
    if (command == TRY_EACH)
        return push_choice(run, r);
    if (field_read_u32(r) > REPORT_MAX || !reader_ok(r))
        return TROTH_MALFORMED;
    return on_chosen(run, command);
}

// The next alternative; nil, at the end, is one that holds.
static enum troth_verdict run_alternative(struct run *run, struct frame *frame)
{
    frame->left--;
    if (cbor_peek(&frame->r) != CBOR_NULL) {
        struct bytes commands = cbor_read_bytes(&frame->r);
        return reader_ok(&frame->r) ? push(run, commands) : TROTH_MALFORMED;
    }
    cbor_read_null(&frame->r);
    if (!reader_end(&frame->r) || frame->left > 0)
        return TROTH_MALFORMED;
    run->depth--;
    return TROTH_VALID;
}

// A frame that is through. After an alternative that held the others are not tried, after the last
// that did not nothing is left to try.
static enum troth_verdict finish(struct run *run, struct frame *frame)
{
    if (!reader_end(&frame->r))
        return TROTH_MALFORMED;
    run->depth--;
    if (!is_choice(run)) // alternatives are through
        return run->pass == SUIT_JUDGE ? TROTH_VALID : TROTH_CONDITION;
    if (run->depth == 0)
        return TROTH_VALID;
    if (run->pass == SUIT_JUDGE)
        leave_judged(run, frame - 1);
    else
        run->depth--;
    return TROTH_VALID;
}

// Where a failed command falls back to: the alternatives that it stands in; no frame at all when
// there are none.
static uint32_t choice_above(const struct run *run)
{
    return (uint32_t)run->depth & ~1u;
}

static enum troth_verdict step(struct run *run)
{
    struct frame *frame = &run->frames[run->depth - 1];
    if (frame->left == 0)
        return finish(run, frame);
    return is_choice(run) ? run_alternative(run, frame) : run_command(run, frame);
}

enum troth_verdict suit_run_commands(struct troth_suit *suit, struct troth_octets commands,
                                     enum suit_pass pass, bool is_shared)
{
    struct run run = {.suit = suit, .pass = pass, .is_shared = is_shared};
    enum troth_verdict verdict = push(&run, bytes_of(commands.p, commands.n));
    if (verdict != TROTH_VALID)
        return verdict;
    uint32_t bad = 0;
    while (run.depth > 0) {
        verdict = step(&run);
        uint32_t is_bad = is_nonzero((uint32_t)verdict ^ TROTH_VALID);
        uint32_t falls = is_bad & (uint32_t)pass;
        volatile uint32_t depth = choice_above(&run);
        run.depth = either(falls, depth, (uint32_t)run.depth);
        bad |= (is_bad ^ falls) | (falls & is_under((uint32_t)run.depth, 1));
        if (bad != 0)
            return verdict;
    }
    return valid_if_zero(bad | (uint32_t)run.depth, TROTH_FAULT);
}
