/* What boundaries hold of every certificate (wire/status.h), kept in memory by core: read from the
 * rows at a start, and followed commit by commit. Nothing of it is stored. */
#ifndef SERVICE_STATUS_H
#define SERVICE_STATUS_H

#include <base/err.h>
#include <wire/buf.h>
#include <wire/feed.h>

#include <stdint.h>

struct service;

#define STATUS_TOUCHED_MAX 65536 /* of each kind, from one look to the next: 1.3 MB at most */

/* What the acts of a turn touched. */
struct status_touched {
    int64_t *rows; /* of certificates; of devices, negative: all that they have; owned */
    size_t n, max;
    struct status_issued { /* new and live; owned */
        uint32_t issuer;
        uint8_t expiry_class;
        uint32_t number;
    } * issued;
    size_t issued_n, issued_max;
    bool is_lost; /* there was no memory to keep it, or nobody looked for too long */
};

/* For service_record(): the act under construction was appended. */
void status_note(struct service *service);
/* A device that `service` changes was kept down until now: service_change_device(). */
void status_note_device(struct service *service, int64_t device);
/* The turn was undone. */
void status_forget(struct service *service);
void status_touched_free(struct status_touched *touched);

/* One shard as it is. */
struct status_shard {
    struct status_space space;
    uint32_t high;
    uint32_t told; /* indices below it are known to whoever follows the deltas */
    size_t room;
    uint8_t *octets; /* owned; status_octets(high) of them count */
    bool is_changed; /* since its list was made */
    /* Of its list: */
    uint64_t generation; /* 0 = there is none yet */
    int64_t issued_s;
    uint8_t hash[FEED_HASH_N]; /* SHA-256 of the file */
};

/* All of them, in the order of wire/feed.h. What no row has is invalid: numbers that were passed
 * over, as by a restore. A shard goes when its class has ended. */
struct status_image {
    struct status_shard *shards;
    size_t n, max;
    struct status_news { /* what no delta has said yet, beside marks: service/status_delta.h; owned
                          */
        struct status_space space;
        uint32_t index;
    } * news;
    size_t news_n, news_max;
    bool has_news;     /* of either kind */
    bool is_urgent;    /* something of it takes a trust away that was told */
    bool is_news_lost; /* more than can be kept */
};
void status_image_free(struct status_image *image);

/* Reads all of it from the rows, beside everything else: some thousand numbers a step. What is
 * committed meanwhile is taken as ever (status_take). */
struct status_scan {
    struct shard *shards; /* of store_shards(); owned */
    size_t n, max, at;
    uint32_t next; /* number within the one at `at` */
};
/* Empties the image, and forgets what was touched: it is in the rows. E_MEMORY, E_STORE. */
MUST_USE enum result status_scan_begin(struct service *service, struct status_scan *scan,
                                       struct status_image *image, int64_t now_s, struct err *err);
MUST_USE enum result status_scan_step(struct service *service, struct status_scan *scan,
                                      struct status_image *image, bool *ret_done, struct err *err);
void status_scan_free(struct status_scan *scan);

/* After a commit: what the turn touched is read from the rows and put into the image. The same
 * errors; then what was touched is kept, and taken with the next. When more was touched than could
 * be kept (service->touched.is_lost), only a scan tells. */
MUST_USE enum result status_take(struct service *service, struct status_image *image, int64_t now_s,
                                 struct err *err);

#endif
