/* SQLite's own file system with faults, in the place of the default one: for all databases of this
 * process that are opened after it was put there. */
#ifndef STORE_FAULTY_VFS_H
#define STORE_FAULTY_VFS_H

struct faults {
    int sync_fails;   /* the sync after so many good ones, and each after it: -1 never */
    int disk_is_full; /* writes give SQLITE_FULL */
    int write_fails;  /* writes give SQLITE_IOERR_WRITE */
    int syncs;        /* seen */
};
extern struct faults faults;

void faulty_vfs_install(void);
void faulty_vfs_remove(void);

#endif
