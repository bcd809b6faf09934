/* The thread that holds the poll: asks for what comes after what is enforced, and applies it. */
#ifndef BOUNDARY_FEED_H
#define BOUNDARY_FEED_H

/* Of a struct boundary, until it is closed. For pthread_create(3). */
void *feed_run(void *boundary);

#endif
