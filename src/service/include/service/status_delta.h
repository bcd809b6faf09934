/* What a status image has that whoever follows the deltas (wire/feed.h) was not told yet, and the
 * next delta of it. */
#ifndef SERVICE_STATUS_DELTA_H
#define SERVICE_STATUS_DELTA_H

#include <service/status.h>

#define STATUS_NEWS_MAX (1 << 20) /* changes that wait: 12 MB; more take a new list */

/* For put_status(): an index below the mark that was told says something else now. Suspended and
 * invalid are urgent; superseded is not, as its holder has the next certificate. */
void status_note_news(struct status_image *image, struct status_space space, uint32_t index,
                      enum status status);

/* Nothing waits: who begins now begins with lists. */
void status_tell_all(struct status_image *image);

/* Appends to `spaces` the item of that name of the next delta: as much of the news as fits, which
 * is then told. What is left stays news, and urgent when it was. Without any the first shard's mark
 * is said again: a delta may not be empty. R_LIMIT without a shard; E_MEMORY, and then nothing is
 * told. `spaces` has room for 1 KB at least. Threads: as the image's. */
MUST_USE enum result status_delta_write(struct status_image *image, struct buf *spaces,
                                        struct err *err);

#endif
