/* The thread that reports, and looks after what has time: the ledger's checkpoints, the floor on
 * the disk, the certificate's renewal. */
#ifndef BOUNDARY_REPORT_H
#define BOUNDARY_REPORT_H

/* Of a struct boundary, until it is closed. For pthread_create(3). */
void *report_run(void *boundary);

#endif
