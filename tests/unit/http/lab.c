#include "lab.h"

#include <base/file.h>
#include <base/log.h>
#include <crypto/start.h>
#include <http/front.h>
#include <ipc/ipc.h>
#include <wire/boundary_report.h>
#include <wire/x509_write.h>

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

const struct config_limits lab_limits = {
    .connections = 200,
    .per_ip = 0,
    .idle_s = 20,
    .handshake_ms = 5000,
    .header_ms = 5000,
    .body_ms = 5000,
    .request_ms = 5000,
};

/* ---- core ------------------------------------------------------------------------------------ */

static void send_authority(struct ipc_channel *core, uint32_t id, enum authority_kind kind,
                           const struct lab_holder *holder)
{
    struct msg_authority message = {
        .id = id,
        .kind = (uint8_t)kind,
        .certificate = blob_bytes(&holder->certificate),
    };
    assert_int_equal(ipc_send(core, IPC_AUTHORITY, &message, -1, NULL), OK);
}

static void send_authorities(const struct lab *lab, struct ipc_channel *core)
{
    send_authority(core, 1, AUTHORITY_ROOT, &lab->root);
    send_authority(core, 2, AUTHORITY_LDEVID, &lab->ldevid);
    send_authority(core, 3, AUTHORITY_IDEVID, &lab->idevid);
    send_authority(core, 4, AUTHORITY_OPERATIONS, &lab->operations);
    send_authority(core, 5, AUTHORITY_ANCHOR, &lab->anchor);
    struct msg_trust_end end = {.count = 5};
    assert_int_equal(ipc_send(core, IPC_TRUST_END, &end, -1, NULL), OK);
}

/* A certificate over an SPKI whose private key is elsewhere. */
static struct blob certify_spki(const struct lab_holder *issuer, struct bytes spki,
                                const struct lab_wish *wish, int64_t life_s)
{
    uint8_t names[256], tbs[2048], out[3072];
    const struct x509_name_part part = {
        .oid = bytes_of("\x55\x04\x03", 3), /* commonName */
        .text = bytes_of(wish->common_name, strlen(wish->common_name)),
    };
    struct buf subject = buf_over(names, sizeof names);
    x509_write_name(&subject, &part, 1);
    struct x509_cert parent;
    const char *why = NULL;
    assert_true(x509_read_cert(blob_bytes(&issuer->certificate), &parent, &why));
    struct x509_tbs_fields fields = {
        .serial = bytes_text("\x21\x01\x02\x03"),
        .sig_alg = key_sig_alg(issuer->key),
        .issuer = parent.subject,
        .not_before_s = time(NULL) - 60,
        .not_after_s = time(NULL) - 60 + life_s,
        .subject = buf_bytes(&subject),
        .spki = spki,
    };
    uint8_t aki[64];
    struct buf value = buf_over(aki, sizeof aki);
    x509_write_aki(&value, parent.ski);
    const struct x509_extension extension = {bytes_of("\x55\x1d\x23", 3), false, buf_bytes(&value)};
    fields.extensions = &extension;
    fields.extensions_n = 1;
    struct buf signed_part = buf_over(tbs, sizeof tbs), whole = buf_over(out, sizeof out);
    x509_write_tbs(&signed_part, &fields);
    struct key_signature signature;
    assert_int_equal(key_sign(issuer->key, buf_bytes(&signed_part), &signature, NULL), OK);
    x509_write_signed(&whole, buf_bytes(&signed_part), key_sig_alg(issuer->key),
                      key_signature_bytes(&signature));
    struct blob certificate = {0};
    assert_int_equal(blob_copy(buf_bytes(&whole), &certificate), OK);
    return certificate;
}

static void answer_certificate(const struct lab *lab, struct ipc_channel *core,
                               const struct msg_server_csr *asked)
{
    struct lab_wish wish = {.common_name = "localhost", .is_server = true};
    CLEANUP(blob_free)
    struct blob der = certify_spki(&lab->operations, asked->spki, &wish, lab->server_life_s);
    struct msg_server_certificate answer = {.id = asked->id, .certificate = blob_bytes(&der)};
    assert_int_equal(ipc_send(core, IPC_SERVER_CERTIFICATE, &answer, -1, NULL), OK);
    lab->seen->certificates++;
}

static void copy_text(char to[65], struct bytes from)
{
    memcpy(to, from.p, from.n < 64 ? from.n : 64);
    to[from.n < 64 ? from.n : 64] = '\0';
}

static void note(struct lab_seen *seen, const struct msg_enrol *asked)
{
    seen->operation = asked->operation;
    seen->credential = asked->credential;
    seen->names_equal = asked->names_equal;
    seen->issuer = asked->peer_issuer;
    seen->anchor = asked->peer_anchor;
    seen->handshake_s = asked->handshake_s;
    copy_text(seen->label, asked->label);
    copy_text(seen->user, asked->user);
    copy_text(seen->token, asked->token);
    copy_text(seen->csr_serial_number, asked->csr_serial_number);
    copy_text(seen->peer_serial_number, asked->peer_serial_number);
    seen->enrols++;
}

static void answer_enrol(const struct lab *lab, struct ipc_channel *core,
                         const struct msg_enrol *asked)
{
    static const struct {
        const char *label;
        enum code code;
        uint32_t retry_after_s;
        const char *text;
    } scripted[] = {
        {"refused", E_PROOF, 0, "secret reason"},
        {"policy", E_POLICY, 0, "TD-06: saw token, want idevid"},
        {"wait", E_WAITING, 7, "held"},
        {"busy", E_BUSY, 3, "budget"},
    };
    struct msg_enrol_answer answer = {.id = asked->id};
    CLEANUP(blob_free) struct blob der = {0};
    note(lab->seen, asked);
    if (bytes_equal(asked->label, bytes_text("never")))
        return;
    if (bytes_equal(asked->label, bytes_text("late")))
        usleep(200000);
    for (size_t i = 0; i < LENGTH_OF(scripted); i++) {
        if (!bytes_equal(asked->label, bytes_of(scripted[i].label, strlen(scripted[i].label))))
            continue;
        answer.code = scripted[i].code;
        answer.retry_after_s = scripted[i].retry_after_s;
        answer.text = bytes_of(scripted[i].text, strlen(scripted[i].text));
    }
    if (answer.code == 0) {
        struct lab_wish wish = {.common_name = "device"};
        der = certify_spki(&lab->ldevid, asked->spki, &wish, 86400);
        answer.certificate = blob_bytes(&der);
    }
    assert_int_equal(ipc_send(core, IPC_ENROL_ANSWER, &answer, -1, NULL), OK);
}

/* "rsa" takes RSA alone, "broken" has no answer, every other product takes P-256. */
static void answer_csrattrs(struct ipc_channel *core, const struct msg_csrattrs *asked)
{
    bool is_rsa = bytes_equal(asked->label, bytes_text("rsa"));
    struct msg_csrattrs_answer answer = {.id = asked->id,
                                         .keys = is_rsa ? 1 << KEY_ALG_RSA : 1 << KEY_ALG_P256};
    if (bytes_equal(asked->label, bytes_text("broken")))
        answer.code = E_BUSY;
    assert_int_equal(ipc_send(core, IPC_CSRATTRS_ANSWER, &answer, -1, NULL), OK);
}

static void note_ack(struct lab_seen *seen, const struct msg_boundary_ack *ack)
{
    seen->boundary = ack->boundary;
    seen->status = ack->status;
    seen->service = ack->service;
    seen->acks++;
}

/* The report of generation 0 finds the disk full. */
static void answer_report(const struct lab *lab, struct ipc_channel *core,
                          const struct msg_boundary_report *told)
{
    struct boundary_report report;
    const char *why = NULL;
    assert_true(boundary_report_read(told->report, &report, &why));
    lab->seen->reports++;
    const struct msg_boundary_reported answer = {
        .id = told->id, .code = report.status_generation == 0 ? E_BUSY : E_NONE};
    assert_int_equal(ipc_send(core, IPC_BOUNDARY_REPORTED, &answer, -1, NULL), OK);
}

void lab_core_says(struct lab *lab, enum ipc_type type, const void *message)
{
    static uint8_t octets[LIMIT_MESSAGE_BYTES];
    size_t n = 0;
    assert_int_equal(ipc_encode(type, message, octets, sizeof octets, &n, NULL), OK);
    assert_int_equal(send(lab->script_fd, octets, n, 0), n);
    assert_int_equal(recv(lab->script_fd, octets, 1, 0), 1);
}

static void say_what_the_test_wants(struct ipc_channel *core, int script_fd)
{
    static uint8_t octets[LIMIT_MESSAGE_BYTES];
    struct ipc_message message;
    ssize_t n = recv(script_fd, octets, sizeof octets, 0);
    if (n <= 0)
        return; /* the test ends */
    assert_int_equal(ipc_decode(bytes_of(octets, (size_t)n), &message, NULL), OK);
    assert_int_equal(ipc_send(core, message.type, &message.enrol, -1, NULL), OK);
    assert_int_equal(send(script_fd, "", 1, 0), 1);
}

static int run_core(const struct lab *lab, int fd, int script_fd)
{
    struct ipc_channel core;
    struct ipc_message message;
    assert_int_equal(ipc_open(&core, IPC_CORE, IPC_FRONT, fd, NULL), OK);
    send_authorities(lab, &core);
    for (;;) {
        struct pollfd wait[] = {{fd, POLLIN, 0}, {script_fd, POLLIN, 0}};
        poll(wait, 2, -1);
        if (wait[1].revents & POLLIN)
            say_what_the_test_wants(&core, script_fd);
        enum result result = ipc_receive(&core, &message, NULL);
        if (result == R_BUSY)
            continue;
        if (result != OK)
            return 0;
        if (message.type == IPC_SERVER_CSR)
            answer_certificate(lab, &core, &message.server_csr);
        else if (message.type == IPC_ENROL)
            answer_enrol(lab, &core, &message.enrol);
        else if (message.type == IPC_CSRATTRS)
            answer_csrattrs(&core, &message.csrattrs);
        else if (message.type == IPC_BOUNDARY_ACK)
            note_ack(lab->seen, &message.boundary_ack);
        else if (message.type == IPC_BOUNDARY_REPORT)
            answer_report(lab, &core, &message.boundary_report);
        else if (message.type == IPC_SIGHTING)
            lab->seen->sightings++;
    }
}

/* ---- front ----------------------------------------------------------------------------------- */

static enum result enter_nothing(void *context, struct err *err)
{
    (void)context;
    (void)err;
    return OK;
}

static int listen_on_loopback(uint16_t *ret_port)
{
    struct sockaddr_storage sa;
    struct address address;
    assert_int_equal(address_parse("127.0.0.1:0", &address, NULL), OK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address.sa, address.n), 0);
    assert_int_equal(listen(fd, 4096), 0);
    socklen_t n = sizeof sa;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
    address.sa = sa;
    *ret_port = address_port(&address);
    return fd;
}

static void make_authorities(struct lab *lab)
{
    lab->root = lab_holder(NULL, &(struct lab_wish){.common_name = "Root", .is_ca = true});
    lab->ldevid =
        lab_holder(&lab->root, &(struct lab_wish){.common_name = "LDevID", .is_ca = true});
    lab->idevid =
        lab_holder(&lab->root, &(struct lab_wish){.common_name = "IDevID", .is_ca = true});
    lab->operations =
        lab_holder(&lab->root, &(struct lab_wish){.common_name = "Operations", .is_ca = true});
    lab->anchor = lab_holder(NULL, &(struct lab_wish){.common_name = "Maker", .is_ca = true});
}

static int wait_ready(int supervisor_fd)
{
    struct ipc_channel channel;
    struct ipc_message message;
    struct pollfd wait = {supervisor_fd, POLLIN, 0};
    assert_int_equal(ipc_open(&channel, IPC_SUPERVISOR, IPC_FRONT, supervisor_fd, NULL), OK);
    assert_int_equal(poll(&wait, 1, 10000), 1);
    assert_int_equal(ipc_receive(&channel, &message, NULL), OK);
    assert_int_equal(message.type, IPC_FRONT_READY);
    free(channel.space);
    return supervisor_fd;
}

void lab_start(struct lab *lab, const struct config_limits *limits)
{
    assert_int_equal(crypto_start(NULL), OK);
    lab->config.limits = *limits;
    if (lab->server_life_s == 0)
        lab->server_life_s = 7 * 86400;
    lab->seen =
        mmap(NULL, sizeof *lab->seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    make_authorities(lab);
    if (lab->folder[0] == '\0') {
        strcpy(lab->folder, "/tmp/troth-front-XXXXXX");
        assert_non_null(mkdtemp(lab->folder));
    }
    int core[2], supervisor[2], script[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, script), 0);
    assert_int_equal(ipc_pair(IPC_FRONT, IPC_CORE, core, NULL), OK);
    assert_int_equal(ipc_pair(IPC_FRONT, IPC_SUPERVISOR, supervisor, NULL), OK);
    struct front_setup setup = {
        .config = &lab->config,
        .listen_fd_tls = listen_on_loopback(&lab->port_tls),
        .listen_fd_plain = listen_on_loopback(&lab->port_plain),
        .core_fd = core[0],
        .supervisor_fd = supervisor[0],
        .public_dir_fd = open(lab->folder, O_PATH | O_DIRECTORY | O_CLOEXEC),
        .sandbox = {enter_nothing, NULL, ""},
    };
    lab->front = fork();
    if (lab->front == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        close(core[1]);
        close(supervisor[1]);
        close(script[0]);
        close(script[1]);
        log_open("front.0", getenv("TROTH_LAB_LOG") != NULL ? 2 : open("/dev/null", O_WRONLY));
        int status = front_run(&setup);
        _exit(status);
    }
    lab->core = fork();
    if (lab->core == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(core[0]);
        close(supervisor[1]);
        close(script[1]);
        _exit(run_core(lab, core[1], script[0]));
    }
    close(core[0]);
    close(core[1]);
    close(supervisor[0]);
    close(script[0]);
    lab->script_fd = script[1];
    close(setup.listen_fd_tls);
    close(setup.listen_fd_plain);
    close(setup.public_dir_fd);
    lab->supervisor_fd = wait_ready(supervisor[1]);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

int lab_stop(struct lab *lab)
{
    int status = -1;
    close(lab->supervisor_fd);
    close(lab->script_fd);
    waitpid(lab->front, &status, 0);
    waitpid(lab->core, NULL, 0); /* ends with its channel */
    nftw(lab->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    lab_holder_free(&lab->root);
    lab_holder_free(&lab->ldevid);
    lab_holder_free(&lab->idevid);
    lab_holder_free(&lab->operations);
    lab_holder_free(&lab->anchor);
    munmap(lab->seen, sizeof *lab->seen);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}
