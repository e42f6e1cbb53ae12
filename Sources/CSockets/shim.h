#ifndef LATEXP_CSOCKETS_SHIM_H
#define LATEXP_CSOCKETS_SHIM_H

// What Swift cannot import of the sockets API: macros, variadic functions and flexible structures. Nothing else is here.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/if_tun.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#endif

/// Stands for a kernel receive time that is not there.
#define LATEXP_NO_TIME INT64_MIN

#if defined(__linux__)
// MADV_DONTNEED, which sys/mman.h hides without _DEFAULT_SOURCE.
#define LATEXP_GIVE_BACK 4
extern int madvise(void *, size_t, int);
#else
#define LATEXP_GIVE_BACK MADV_FREE
#endif

#if defined(__linux__)
// POSIX_SPAWN_SETSID, which spawn.h hides without _GNU_SOURCE.
#define LATEXP_OWN_SESSION 0x80
#else
#define LATEXP_OWN_SESSION POSIX_SPAWN_SETSID
#endif

#if defined(__linux__) && !defined(__USE_GNU)
// poll.h declares it only with _GNU_SOURCE, which would make this module's idea of fd_set differ from Glibc's.
extern int ppoll(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
// As does spawn.h this.
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);
#endif

/// The current time of a clock, nanoseconds.
static inline int64_t latexp_clock_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Asks for kernel receive times on a socket; 0 when they will come, else the errno, ENOTSUP where there are none.
static inline int latexp_enable_receive_times(int fd) {
#if defined(__linux__)
    int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) == 0 ? 0 : errno;
#else
    (void)fd;
    return ENOTSUP;
#endif
}

/// Lets reads that ask for it wait for data, at most this long; all other calls say MSG_DONTWAIT. 0 or the errno.
static inline int latexp_let_reads_wait(int fd, int64_t limitUs) {
    struct timeval limit = {limitUs / 1000000, limitUs % 1000000};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) return errno;
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? errno : 0;
}

/// Lets TCP acknowledge every second short segment instead of each, until it has to catch up; 0 or the errno.
static inline int latexp_delay_acknowledgements(int fd) {
#if defined(TCP_QUICKACK)
    int off = 0;
    return setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off) == 0 ? 0 : errno;
#else
    (void)fd;
    return ENOTSUP;
#endif
}

/// Sends without blocking and without SIGPIPE.
static inline ssize_t latexp_send(int fd, const void *buffer, size_t length) {
#if defined(MSG_NOSIGNAL)
    return send(fd, buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
#else
    return send(fd, buffer, length, MSG_DONTWAIT);
#endif
}

/// Waits for readiness, with a timeout in nanoseconds; negative waits for ever.
static inline int latexp_poll(struct pollfd *fds, int count, int64_t timeoutNs) {
#if defined(__linux__)
    struct timespec timeout = {timeoutNs / 1000000000, timeoutNs % 1000000000};
    return ppoll(fds, (nfds_t)count, timeoutNs < 0 ? 0 : &timeout, 0);
#else
    return poll(fds, (nfds_t)count, timeoutNs < 0 ? -1 : (int)((timeoutNs + 999999) / 1000000));
#endif
}

/// A descriptor that is ready: the token it was added with, and what for.
struct latexp_ready {
    uint64_t token;
    int32_t toRead;
    int32_t toWrite;
    int32_t failed;
};

/// Opens a set of watched descriptors; minus the errno, ENOTSUP where there is none and `latexp_poll` must do.
static inline int latexp_watch_open(void) {
#if defined(__linux__)
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
#else
    return -ENOTSUP;
#endif
}

/// Watches a descriptor for these events and no others (`isNew`: it is not in the set yet); 0 or the errno.
static inline int latexp_watch(int set, int fd, int isNew, int toRead, int toWrite, uint64_t token) {
#if defined(__linux__)
    struct epoll_event event = {0};
    event.events = (toRead ? EPOLLIN : 0) | (toWrite ? EPOLLOUT : 0);
    event.data.u64 = token;
    return epoll_ctl(set, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0 ? 0 : errno;
#else
    (void)set, (void)fd, (void)isNew, (void)toRead, (void)toWrite, (void)token;
    return ENOTSUP;
#endif
}

/// Watches a descriptor no longer; it may be closed already.
static inline void latexp_unwatch(int set, int fd) {
#if defined(__linux__)
    struct epoll_event event = {0};
    epoll_ctl(set, EPOLL_CTL_DEL, fd, &event);
#else
    (void)set, (void)fd;
#endif
}

#define LATEXP_READY_LIMIT 64

/// Waits until watched descriptors are ready, at most `timeoutNs`; gives their number, at most LATEXP_READY_LIMIT.
static inline int latexp_watch_wait(int set, struct latexp_ready *ready, int64_t timeoutNs) {
#if defined(__linux__)
    struct epoll_event events[LATEXP_READY_LIMIT];
    int count;
    if (timeoutNs == 0) {
        count = epoll_wait(set, events, LATEXP_READY_LIMIT, 0);
    } else {
        // epoll_pwait2(2), Linux 5.11 and later: the only form that waits to the nanosecond.
        struct timespec timeout = {timeoutNs / 1000000000, timeoutNs % 1000000000};
        count = (int)syscall(441, set, events, LATEXP_READY_LIMIT, timeoutNs < 0 ? 0 : &timeout, 0, 0);
        if (count < 0 && errno == ENOSYS) {
            struct pollfd item = {set, POLLIN, 0};
            latexp_poll(&item, 1, timeoutNs);
            count = epoll_wait(set, events, LATEXP_READY_LIMIT, 0);
        }
    }
    for (int index = 0; index < count; index++) {
        uint32_t got = events[index].events;
        ready[index].token = events[index].data.u64;
        ready[index].failed = (got & (EPOLLERR | EPOLLHUP)) != 0;
        ready[index].toRead = (got & EPOLLIN) != 0;
        ready[index].toWrite = (got & EPOLLOUT) != 0;
    }
    return count;
#else
    (void)set, (void)ready, (void)timeoutNs;
    return -1;
#endif
}

/// Makes a descriptor non-blocking and closed on exec; 0 or the errno.
static inline int latexp_prepare_descriptor(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return errno;
    return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? errno : 0;
}

/// Gives the whole pages of `length` octets back to the system; they read as anything afterwards.
static inline void latexp_give_back(void *start, size_t length) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)start + page - 1) / page * page;
    uintptr_t last = ((uintptr_t)start + length) / page * page;
    if (start && last > first) madvise((void *)first, last - first, LATEXP_GIVE_BACK);
}

/// Lets timers of this thread fire to the microsecond, not to the default 50 us.
static inline void latexp_sharpen_timers(void) {
#if defined(__linux__)
    prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
#endif
}

/// The part of TCP_INFO that latexp records.
struct latexp_tcp_state {
    uint32_t rttUs;
    uint32_t rttVarianceUs;
    uint32_t retransmits;
    uint32_t lost;
    uint32_t congestionWindow;
    uint32_t unacknowledged;
    uint32_t segmentOctets;
    uint32_t unsentOctets;
};

/// The octets that were written to a connection and not sent yet; 0 where the kernel does not say.
static inline uint32_t latexp_unsent_octets(int fd) {
#if defined(__linux__)
    int unsent = 0;
    // SIOCOUTQ would count what is not acknowledged, too.
    return ioctl(fd, SIOCOUTQNSD, &unsent) == 0 && unsent > 0 ? (uint32_t)unsent : 0;
#else
    (void)fd;
    return 0;
#endif
}

/// Reads a connection's TCP state; 0, or the errno (ENOTSUP where there is none).
static inline int latexp_tcp_state(int fd, struct latexp_tcp_state *state) {
#if defined(__linux__)
    struct tcp_info info;
    socklen_t length = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return errno;
    state->rttUs = info.tcpi_rtt;
    state->rttVarianceUs = info.tcpi_rttvar;
    state->retransmits = info.tcpi_total_retrans;
    state->lost = info.tcpi_lost;
    state->congestionWindow = info.tcpi_snd_cwnd;
    state->unacknowledged = info.tcpi_unacked;
    state->segmentOctets = info.tcpi_snd_mss;
    state->unsentOctets = latexp_unsent_octets(fd);
    return 0;
#else
    (void)fd;
    memset(state, 0, sizeof *state);
    return ENOTSUP;
#endif
}

/// Where Linux 5.4 and later put tcpi_rcv_ooopack into struct tcp_info; glibc's netinet/tcp.h ends before it.
#define LATEXP_TCP_INFO_OUT_OF_ORDER 224

/// The segments that came to a connection ahead of their turn so far; 0 where nobody counts them.
static inline uint32_t latexp_out_of_order_segments(int fd) {
    uint32_t count = 0;
#if defined(__linux__)
    unsigned char info[LATEXP_TCP_INFO_OUT_OF_ORDER + sizeof count];
    socklen_t length = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length) == 0 && length == sizeof info)
        memcpy(&count, info + LATEXP_TCP_INFO_OUT_OF_ORDER, sizeof count);
#else
    (void)fd;
#endif
    return count;
}

/// Asks for a congestion control on a connection; 0 or the errno (EPERM, ENOENT where the host does not allow or know it).
static inline int latexp_set_congestion_control(int fd, const char *name) {
#if defined(TCP_CONGESTION)
    return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)) == 0 ? 0 : errno;
#else
    (void)fd, (void)name;
    return ENOTSUP;
#endif
}

/// Copies the name of a connection's congestion control; 0 or the errno.
static inline int latexp_congestion_control(int fd, char *name, socklen_t size) {
#if defined(TCP_CONGESTION)
    socklen_t length = size - 1;
    memset(name, 0, size);
    return getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length) == 0 ? 0 : errno;
#else
    (void)fd;
    memset(name, 0, size);
    return ENOTSUP;
#endif
}

/// Moves the calling thread, and no other, into the network namespace that `path` names; 0 or the errno.
static inline int latexp_enter_network_namespace(const char *path) {
#if defined(__linux__)
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    // setns() itself is declared only with _GNU_SOURCE; 0x40000000 is CLONE_NEWNET.
    int failure = syscall(SYS_setns, fd, 0x40000000) == 0 ? 0 : errno;
    close(fd);
    return failure;
#else
    (void)path;
    return ENOTSUP;
#endif
}

/// Opens a new TUN device of the calling thread's namespace, packets without headers; a descriptor, or minus the errno.
static inline int latexp_open_tun(const char *name) {
#if defined(__linux__)
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -errno;
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (ioctl(fd, TUNSETIFF, &request) != 0) {
        int failure = errno;
        close(fd);
        return -failure;
    }
    return fd;
#else
    (void)name;
    return -ENOTSUP;
#endif
}

// MARK: Receive times

/// Asks that each read says how many octets are left (Linux 4.18); 0 or the errno, ENOTSUP where there is no such thing.
static inline int latexp_enable_left_counts(int fd) {
#if defined(__linux__)
    int on = 1;
    // TCP_INQ of linux/tcp.h.
    return setsockopt(fd, IPPROTO_TCP, 36, &on, sizeof on) == 0 ? 0 : errno;
#else
    (void)fd;
    return ENOTSUP;
#endif
}

/// Takes out of a message's control data what is there: the kernel's receive time (CLOCK_REALTIME), the octets left to read.
static inline void latexp_read_control(struct msghdr *message, int64_t *kernelNs, int32_t *left) {
#if defined(__linux__)
    for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item; item = CMSG_NXTHDR(message, item)) {
        if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_TIMESTAMPING) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(item), sizeof time);
            if (time.tv_sec != 0) *kernelNs = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
        } else if (item->cmsg_level == IPPROTO_TCP && item->cmsg_type == 36) {
            memcpy(left, CMSG_DATA(item), sizeof *left);
        }
    }
#else
    (void)message, (void)kernelNs, (void)left;
#endif
}

/// Reads once; sets the kernel's receive time of the last segment read (CLOCK_REALTIME), or LATEXP_NO_TIME, and the octets
/// that are left to read, 0 where the kernel does not say.
///
/// With `waits` a blocking descriptor waits for data, at most its SO_RCVTIMEO.
static inline ssize_t latexp_receive(int fd, void *buffer, size_t length, int waits, int64_t *kernelNs, int32_t *left) {
    struct iovec vector = {buffer, length};
    union {
        char bytes[256];
        struct cmsghdr align;
    } control;
    struct msghdr message = {0};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    *kernelNs = LATEXP_NO_TIME;
    *left = 0;
    ssize_t count = recvmsg(fd, &message, waits ? 0 : MSG_DONTWAIT);
    if (count > 0) latexp_read_control(&message, kernelNs, left);
    return count;
}

/// Stands for no wish.
#define LATEXP_ANY_NICENESS INT32_MIN

#if defined(__linux__)
/// The kernel's struct sched_attr, first version, which no header of glibc 2.36 declares.
struct latexp_sched_attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtimeNs, deadlineNs, periodNs;
};
#endif

/// Asks that the calling thread be scheduled in slices of this length: short ones make it run sooner after it wakes up while
/// others burn the same core, and give it no more of the core. `nice` is the niceness to ask for as well, which may be refused
/// (CAP_SYS_NICE, RLIMIT_NICE), or LATEXP_ANY_NICENESS; it gets the niceness that the thread has then.
///
/// 0, the errno, or ENOTSUP where slices cannot be asked for (Linux before 6.12 takes no notice).
static inline int latexp_ask_for_slice(uint64_t sliceNs, int32_t *nice) {
#if defined(__linux__)
    struct latexp_sched_attr attributes = {0};
    int32_t wanted = *nice;
    *nice = 0;
    attributes.size = sizeof attributes;
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return errno;
    *nice = attributes.nice;
    // Somebody chose another policy for this process (SCHED_FIFO by chrt, say): that is better, and left alone.
    if (attributes.policy != 0) return 0;
    int hasSlices = attributes.runtimeNs != 0;
    attributes.flags = 0;
    // Before 6.12 an ordinary thread has no slice of its own to tell of, and must not ask for one.
    if (hasSlices) attributes.runtimeNs = sliceNs;
    if (wanted != LATEXP_ANY_NICENESS) attributes.nice = wanted;
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) != 0) {
        attributes.nice = *nice;
        if (!hasSlices) return ENOTSUP;
        return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0 ? 0 : errno;
    }
    *nice = attributes.nice;
    return hasSlices ? 0 : ENOTSUP;
#else
    (void)sliceNs;
    *nice = 0;
    return ENOTSUP;
#endif
}

#if defined(__GLIBC__)
// Declared in nss.h, with nothing else that is needed here.
extern int __nss_configure_lookup(const char *, const char *);
#endif

/// Has names of hosts, users and groups looked up by what libc has built in, whatever the host's nsswitch.conf says: files
/// and DNS. For static programs, into which modules of the host's own libc must not be loaded. 0, or the errno.
static inline int latexp_use_builtin_lookups(void) {
#if defined(__GLIBC__)
    const char *const lookups[][2] = {{"hosts", "files dns"}, {"passwd", "files"}, {"group", "files"}, {"services", "files"}};
    for (size_t index = 0; index < sizeof lookups / sizeof lookups[0]; index++)
        if (__nss_configure_lookup(lookups[index][0], lookups[index][1]) != 0) return errno;
#endif
    return 0;
}

// Datagrams: the relay's second transport.

#if defined(__linux__)
// linux/errqueue.h needs names that glibc declares otherwise; this is its structure, and the two kinds of origin that matter.
struct latexp_extended_error {
    uint32_t number;
    uint8_t origin;
    uint8_t type;
    uint8_t code;
    uint8_t pad;
    uint32_t info;
    uint32_t data;
};
// SO_MEMINFO, Linux 4.12; its ninth number counts what a socket dropped. SO_RCVBUFFORCE needs CAP_NET_ADMIN.
#define LATEXP_SO_MEMINFO 55
#define LATEXP_MEMINFO_DROPS 8
#define LATEXP_SO_RCVBUFFORCE 33
#endif

/// Reads one datagram: its octets, or -1. Sets who sent it, and the kernel's receive time or LATEXP_NO_TIME.
static inline ssize_t latexp_receive_datagram(int fd, void *buffer, size_t length, struct sockaddr_storage *from,
                                              socklen_t *fromLength, int64_t *kernelNs) {
    struct iovec vector = {buffer, length};
    union {
        char bytes[256];
        struct cmsghdr align;
    } control;
    struct msghdr message = {0};
    message.msg_name = from;
    message.msg_namelen = sizeof *from;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    ssize_t count = recvmsg(fd, &message, MSG_DONTWAIT);
    *fromLength = count < 0 ? 0 : message.msg_namelen;
    *kernelNs = LATEXP_NO_TIME;
    int32_t left;
    if (count >= 0) latexp_read_control(&message, kernelNs, &left);
    return count;
}

/// Sends one datagram made of two pieces, to `to` or where the socket is connected to (`toLength` 0); never waits.
static inline ssize_t latexp_send_datagram(int fd, const void *head, size_t headLength, const void *body,
                                           size_t bodyLength, const struct sockaddr *to, socklen_t toLength) {
    struct iovec vectors[2] = {{(void *)head, headLength}, {(void *)body, bodyLength}};
    struct msghdr message = {0};
    message.msg_name = toLength > 0 ? (void *)to : 0;
    message.msg_namelen = toLength;
    message.msg_iov = vectors;
    message.msg_iovlen = 2;
#if defined(MSG_NOSIGNAL)
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
#else
    return sendmsg(fd, &message, MSG_DONTWAIT);
#endif
}

/// Asks for a receive buffer of this many octets, beyond the host's limit where that is allowed; gives what there is now.
static inline int latexp_widen_receive_buffer(int fd, int octets) {
#if defined(__linux__)
    if (setsockopt(fd, SOL_SOCKET, LATEXP_SO_RCVBUFFORCE, &octets, sizeof octets) != 0)
#endif
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
    int got = 0;
    socklen_t length = sizeof got;
    return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &length) == 0 ? got : 0;
}

/// Lets datagrams that are longer than the way's packets go in fragments, cut by this host as far as it knows the way.
static inline int latexp_allow_fragments(int fd, int family) {
#if defined(__linux__)
    int mode = IP_PMTUDISC_WANT;
    int failure = setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &mode, sizeof mode) == 0 ? 0 : errno;
    if (family == AF_INET6) {
        mode = IPV6_PMTUDISC_WANT;
        failure = setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &mode, sizeof mode) == 0 ? 0 : errno;
    }
    return failure;
#else
    (void)fd, (void)family;
    return 0;
#endif
}

/// The longest packet of a connected socket's way as far as the kernel knows; 0 when it does not.
static inline int latexp_path_packet_octets(int fd, int family) {
#if defined(__linux__)
    int octets = 0;
    socklen_t length = sizeof octets;
    int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int name = family == AF_INET6 ? IPV6_MTU : IP_MTU;
    return getsockopt(fd, level, name, &octets, &length) == 0 ? octets : 0;
#else
    (void)fd, (void)family;
    return 0;
#endif
}

/// Has the kernel say when its own queue dropped a datagram (ENOBUFS), and all that the way's hosts answer; 0 or the errno.
static inline int latexp_report_errors(int fd, int family) {
#if defined(__linux__)
    int one = 1;
    int failure = setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof one) == 0 ? 0 : errno;
    if (family == AF_INET6) failure = setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof one) == 0 ? 0 : errno;
    return failure;
#else
    (void)fd, (void)family;
    return ENOTSUP;
#endif
}

/// Takes one report off a socket's queue of errors: its errno, or 0 when there is none.
static inline int latexp_take_error(int fd) {
#if defined(__linux__)
    char octet;
    struct iovec vector = {&octet, sizeof octet};
    union {
        char bytes[512];
        struct cmsghdr align;
    } control;
    struct msghdr message = {0};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return 0;
    for (struct cmsghdr *item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item)) {
        int isReport = (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_RECVERR) ||
                       (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_RECVERR);
        if (!isReport) continue;
        struct latexp_extended_error report;
        memcpy(&report, CMSG_DATA(item), sizeof report);
        return (int)report.number;
    }
    return EIO;
#else
    (void)fd;
    return 0;
#endif
}

/// The datagrams that a socket dropped so far: its buffer was full, or a checksum was wrong; -1 where nobody counts.
static inline int64_t latexp_socket_drops(int fd) {
#if defined(__linux__)
    uint32_t numbers[LATEXP_MEMINFO_DROPS + 1] = {0};
    socklen_t length = sizeof numbers;
    if (getsockopt(fd, SOL_SOCKET, LATEXP_SO_MEMINFO, numbers, &length) != 0) return -1;
    return length >= sizeof numbers ? (int64_t)numbers[LATEXP_MEMINFO_DROPS] : -1;
#else
    (void)fd;
    return -1;
#endif
}

/// Resets a TCP connection at once (Linux): the other side hears RST, not the end of a stream.
static inline int latexp_reset(int fd) {
    struct sockaddr nobody;
    memset(&nobody, 0, sizeof nobody);
    nobody.sa_family = AF_UNSPEC;
    return connect(fd, &nobody, sizeof nobody);
}

#endif
