/* A file of zeros that is given back when the disk is full: then issuing stops, and revocation, its
 * CRLs and the checkpoint have room to go on (design 9). */
#include "core.h"

#include <base/file.h>
#include <base/log.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BALLAST_BYTES (16 << 20)
#define BALLAST_AGAIN ((int64_t)BALLAST_BYTES * 3 / 2) /* free space before issuing goes on */

static bool fill(int fd)
{
    return posix_fallocate(fd, 0, BALLAST_BYTES) == 0;
}

enum result ballast_open(struct core *core, struct err *err)
{
    char path[CONFIG_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s/ballast", core->config->data, ROLE_FOLDER_STORE);
    core->ballast = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (core->ballast < 0)
        return err_set(err, E_IO, "%s: %s", path, strerror(errno));
    if (!fill(core->ballast))
        ballast_drop(core);
    return OK;
}

void ballast_drop(struct core *core)
{
    struct statvfs disk;
    if (core->service.stops_issuing || fstatvfs(core->ballast, &disk) != 0)
        return;
    int64_t room = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    if (room > BALLAST_BYTES)
        return; /* it was not for want of room */
    if (ftruncate(core->ballast, 0) == 0)
        log_event(LEVEL_ERROR, "disk-full", {"issuing", "stopped"}, {"revocation", "goes on"});
    core->service.stops_issuing = true;
}

void ballast_tick(struct core *core)
{
    struct statvfs disk;
    if (!core->service.stops_issuing || fstatvfs(core->ballast, &disk) != 0)
        return;
    if ((int64_t)disk.f_bavail * (int64_t)disk.f_frsize < BALLAST_AGAIN || !fill(core->ballast))
        return;
    core->service.stops_issuing = false;
    log_event(LEVEL_INFO, "disk-has-room", {"issuing", "goes on"});
}
