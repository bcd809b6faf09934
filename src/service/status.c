#include <service/status.h>

#include <pki/serial.h>
#include <registry/subject.h>
#include <service/service.h>
#include <service/status_delta.h>
#include <trust/standing.h>

#include <stdlib.h>

/* ---- what an act touches --------------------------------------------------------------------- */

/* One more of them at `list`, which may move; NULL, and everything is read anew, when there is no
 * memory or too much came between two looks. */
static void *grow(struct status_touched *touched, void *list, size_t n, size_t *max, size_t each)
{
    if (n < *max)
        return list;
    size_t more = *max == 0 ? 64 : *max * 2;
    void *larger = more > STATUS_TOUCHED_MAX ? NULL : reallocarray(list, more, each);
    if (larger == NULL)
        touched->is_lost = true;
    else
        *max = more;
    return larger;
}

static void touch(struct status_touched *touched, int64_t row)
{
    if (touched->n > 0 && touched->rows[touched->n - 1] == row)
        return;
    int64_t *rows = grow(touched, touched->rows, touched->n, &touched->max, sizeof *rows);
    if (rows == NULL)
        return;
    touched->rows = rows;
    touched->rows[touched->n++] = row;
}

static void issue(struct status_touched *touched, const struct status_issued *issued)
{
    struct status_issued *list =
        grow(touched, touched->issued, touched->issued_n, &touched->issued_max, sizeof *list);
    if (list == NULL)
        return;
    touched->issued = list;
    touched->issued[touched->issued_n++] = *issued;
}

static int64_t number_of(const struct change *change, enum column column)
{
    const struct cell *cell = change_cell(change, column);
    return cell != NULL ? cell->number : 0;
}

/* A new one that is live is valid, unless its device says otherwise; one that was used for the
 * first time stays what it is. Everything else is read again once it is committed. */
static void note_certificate(struct status_touched *touched, const struct change *change)
{
    enum cert_state state = (enum cert_state)number_of(change, COL_CERTIFICATE_STATE);
    bool is_new = change_cell(change, COL_CERTIFICATE_NUMBER) != NULL;
    if (is_new && certificate_is_live(state))
        issue(touched, &(struct status_issued){
                           .issuer = (uint32_t)number_of(change, COL_CERTIFICATE_ISSUER),
                           .expiry_class = (uint8_t)number_of(change, COL_CERTIFICATE_CLASS),
                           .number = (uint32_t)number_of(change, COL_CERTIFICATE_NUMBER),
                       });
    else if (state != CERT_NONE && !certificate_is_live(state))
        touch(touched, change->id);
}

static void note_device(struct status_touched *touched, const struct change *change)
{
    if (device_is_kept_down((enum device_state)number_of(change, COL_DEVICE_STATE)))
        touch(touched, -change->id);
}

void status_note(struct service *service)
{
    const struct act *act = &service->act;
    for (size_t i = 0; i < act->n; i++) {
        if (act->changes[i].table == TABLE_CERTIFICATE)
            note_certificate(&service->touched, &act->changes[i]);
        else if (act->changes[i].table == TABLE_DEVICE)
            note_device(&service->touched, &act->changes[i]);
    }
}

void status_note_device(struct service *service, int64_t device)
{
    touch(&service->touched, -device);
}

void status_forget(struct service *service)
{
    service->touched.n = service->touched.issued_n = 0;
}

void status_touched_free(struct status_touched *touched)
{
    free(touched->rows);
    free(touched->issued);
    *touched = (struct status_touched){0};
}

/* ---- the image ------------------------------------------------------------------------------- */

void status_image_free(struct status_image *image)
{
    for (size_t i = 0; i < image->n; i++)
        free(image->shards[i].octets);
    free(image->shards);
    free(image->news);
    *image = (struct status_image){0};
}

/* Where it is, or belongs. */
static size_t place_of(const struct status_image *image, struct status_space space)
{
    size_t low = 0, high = image->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (status_space_is_before(image->shards[middle].space, space))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum result find_shard(struct status_image *image, struct status_space space,
                              struct status_shard **ret, struct err *err)
{
    size_t at = place_of(image, space);
    if (at < image->n && status_space_is(image->shards[at].space, space)) {
        *ret = &image->shards[at];
        return OK;
    }
    if (image->n == image->max) {
        size_t max = image->max == 0 ? 16 : image->max * 2;
        void *shards = reallocarray(image->shards, max, sizeof *image->shards);
        if (shards == NULL)
            return err_set(err, E_MEMORY, "no memory for a status shard");
        image->shards = shards;
        image->max = max;
    }
    memmove(&image->shards[at + 1], &image->shards[at], (image->n - at) * sizeof *image->shards);
    image->n++;
    image->shards[at] = (struct status_shard){.space = space};
    *ret = &image->shards[at];
    return OK;
}

static enum result make_room(struct status_shard *shard, uint32_t high, struct err *err)
{
    size_t wanted = status_octets(high), room = shard->room == 0 ? 256 : shard->room;
    if (wanted <= shard->room)
        return OK;
    while (room < wanted)
        room *= 2;
    uint8_t *octets = realloc(shard->octets, room);
    if (octets == NULL)
        return err_set(err, E_MEMORY, "no memory for a status shard");
    memset(octets + shard->room, 0, room - shard->room);
    shard->octets = octets;
    shard->room = room;
    return OK;
}

/* Indices below `high` are there; those that are new are invalid until a row says otherwise. */
static enum result raise(struct status_shard *shard, uint32_t high, struct err *err)
{
    if (high <= shard->high)
        return OK;
    TRY(make_room(shard, high, err));
    for (uint32_t i = shard->high; i < high; i++)
        status_put(shard->octets, i, STATUS_INVALID);
    shard->high = high;
    shard->is_changed = true;
    return OK;
}

static enum result put_status(struct status_image *image, const struct status_issued *place,
                              enum status status, struct err *err)
{
    struct status_shard *shard = NULL;
    uint32_t index = place->number % STATUS_SHARD_SIZE;
    TRY(find_shard(image, status_space_of(place->issuer, place->expiry_class, place->number),
                   &shard, err));
    TRY(raise(shard, index + 1, err));
    image->has_news |= shard->told < shard->high;
    if (status_at(shard->octets, index) == status)
        return OK;
    shard->is_changed = true;
    status_put(shard->octets, index, status);
    if (index < shard->told)
        status_note_news(image, shard->space, index, status);
    return OK;
}

static struct status_issued place_in(const struct certificate *certificate)
{
    return (struct status_issued){(uint32_t)certificate->issuer, (uint8_t)certificate->class,
                                  certificate->number};
}

/* ---- from the rows --------------------------------------------------------------------------- */

struct reading {
    struct service *service;
    struct status_image *image;
};

/* What has ended says why, whatever became of its device since; what is live stands as it does. */
static enum result read_certificate(void *ctx, const struct certificate *certificate,
                                    struct err *err)
{
    struct reading *reading = ctx;
    enum cert_state state = (enum cert_state)certificate->state;
    struct device device = {.state = STATE_ACTIVE}; /* of a server, boundary or operator */
    if (certificate->device != 0 && certificate_is_live(state))
        TRY(store_device(reading->service->store, certificate->device, &device, err));
    struct status_issued place = place_in(certificate);
    return put_status(reading->image, &place,
                      certificate_status(state, (enum device_state)device.state), err);
}

/* ---- all of them ----------------------------------------------------------------------------- */

#define STEP_NUMBERS 8192 /* of a space, in one step: some milliseconds */

void status_scan_free(struct status_scan *scan)
{
    free(scan->shards);
    *scan = (struct status_scan){0};
}

static enum result add_shard(void *ctx, const struct shard *shard, struct err *err)
{
    struct status_scan *scan = ctx;
    if (scan->n == scan->max) {
        size_t max = scan->max == 0 ? 64 : scan->max * 2;
        struct shard *shards = reallocarray(scan->shards, max, sizeof *shards);
        if (shards == NULL)
            return err_set(err, E_MEMORY, "no memory for %zu shards", max);
        scan->shards = shards;
        scan->max = max;
    }
    scan->shards[scan->n++] = *shard;
    return OK;
}

enum result status_scan_begin(struct service *service, struct status_scan *scan,
                              struct status_image *image, int64_t now_s, struct err *err)
{
    status_scan_free(scan);
    status_image_free(image);
    status_forget(service);
    service->touched.is_lost = false;
    return store_shards(service->store, now_s, add_shard, scan, err);
}

/* As if no device were kept down: those come at the end. */
static enum result read_numbered(void *ctx, const struct certificate *certificate, struct err *err)
{
    struct reading *reading = ctx;
    struct status_issued place = place_in(certificate);
    return put_status(reading->image, &place,
                      certificate_status((enum cert_state)certificate->state, STATE_ACTIVE), err);
}

static enum result scan_numbers(struct reading *reading, const struct status_scan *scan,
                                struct err *err)
{
    const struct shard *shard = &scan->shards[scan->at];
    struct number_range range = {.issuer = shard->issuer, .class = shard->class};
    range.first = (int64_t)shard->part * SHARD_NUMBERS + scan->next;
    range.last = range.first + STEP_NUMBERS - 1;
    return store_numbered(reading->service->store, &range, read_numbered, reading, err);
}

enum result status_scan_step(struct service *service, struct status_scan *scan,
                             struct status_image *image, bool *ret_done, struct err *err)
{
    struct reading reading = {service, image};
    if (scan->at == scan->n) {
        TRY(store_kept_down(service->store, read_certificate, &reading, err));
        *ret_done = true;
        return OK;
    }
    TRY(scan_numbers(&reading, scan, err));
    scan->next += STEP_NUMBERS;
    if (scan->next == SHARD_NUMBERS) {
        scan->next = 0;
        scan->at++;
    }
    *ret_done = false;
    return OK;
}

/* ---- after a commit -------------------------------------------------------------------------- */

static enum result take_device(struct reading *reading, int64_t device, struct err *err)
{
    struct certificate live[SUBJECT_LIVE_MAX];
    size_t n = 0;
    TRY(store_live_certificates(reading->service->store, device, live, LENGTH_OF(live), &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(read_certificate(reading, &live[i], err));
    return OK;
}

static enum result take_row(struct reading *reading, int64_t row, struct err *err)
{
    struct certificate certificate;
    if (row < 0)
        return take_device(reading, -row, err);
    TRY(store_certificate(reading->service->store, row, &certificate, err));
    return read_certificate(reading, &certificate, err);
}

/* An undone savepoint may have touched what is not there. */
static enum result take_rows(struct reading *reading, struct err *err)
{
    const struct status_touched *touched = &reading->service->touched;
    for (size_t i = 0; i < touched->issued_n; i++)
        TRY(put_status(reading->image, &touched->issued[i], STATUS_VALID, err));
    for (size_t i = 0; i < touched->n; i++) {
        enum result result = take_row(reading, touched->rows[i], err);
        if (result != OK && result != R_NOT_FOUND)
            return result;
    }
    return OK;
}

static void drop_ended(struct status_image *image, int64_t now_s)
{
    size_t kept = 0;
    for (size_t i = 0; i < image->n; i++) {
        if (serial_class_end_s(image->shards[i].space.expiry_class) > now_s)
            image->shards[kept++] = image->shards[i];
        else
            free(image->shards[i].octets);
    }
    image->n = kept;
}

enum result status_take(struct service *service, struct status_image *image, int64_t now_s,
                        struct err *err)
{
    struct reading reading = {service, image};
    TRY(take_rows(&reading, err));
    status_forget(service);
    drop_ended(image, now_s);
    return OK;
}
