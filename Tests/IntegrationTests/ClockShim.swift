import Foundation
import TestSupport
import Testing

/// What makes one agent believe other things of its clock than the machine says: no test may set the machine's.
struct ClockShim {
    /// The library that comes between the agent and the system.
    private let library: String

    /// Builds it with clang, which comes with Swift.
    static func build(in folder: String) async throws -> ClockShim {
        let (source, library) = (folder + "/clock-shim.c", folder + "/clock-shim.so")
        try self.source.write(toFile: source, atomically: true, encoding: .utf8)
        _ = try await SSHServerTools.output("clang", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"])
        return ClockShim(library: library)
    }

    /// A script that stands in for the agent and puts the shim under one of its roles.
    ///
    /// - Parameters:
    ///   - verb: the role, `receive` or `forward`.
    ///   - variables: `STEP_FILE='…'`: the wall clock jumps by an hour when that file appears; `NO_STAMPS=1`: the kernel's
    ///     receive times are missing.
    func agent(_ verb: String, _ variables: String) -> String {
        // The agent of bin/ is static: nothing can be put between it and the system. The tests' build is not.
        let dynamic = LatexpCommand.repository + "/.build/debug/latexp-agent"
        #expect(FileManager.default.isExecutableFile(atPath: dynamic), "run swift build --build-tests")
        return """
            case $1 in \(verb)) export \(variables) LD_PRELOAD='\(library)' ;; esac
            case $1 in receive | forward) real='\(dynamic)' ;; esac
            exec "$real" "$@"
            """
    }

    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <sys/socket.h>
        #include <time.h>
        #include <unistd.h>
        static int (*clock_of)(clockid_t, struct timespec *);
        static ssize_t (*receive)(int, struct msghdr *, int);
        static int has_stepped;
        static long looked_at;
        static int stepped(void) {
            struct timespec now;
            if (has_stepped || !getenv("STEP_FILE")) return has_stepped;
            clock_of(CLOCK_MONOTONIC, &now);
            long tick = now.tv_sec * 50 + now.tv_nsec / 20000000;
            if (tick == looked_at) return 0;
            looked_at = tick;
            return has_stepped = access(getenv("STEP_FILE"), F_OK) == 0;
        }
        int clock_gettime(clockid_t clock, struct timespec *time) {
            if (!clock_of) clock_of = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
            int code = clock_of(clock, time);
            int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
            if (code == 0 && is_wall && stepped()) time->tv_sec += 3600;
            return code;
        }
        ssize_t recvmsg(int descriptor, struct msghdr *message, int flags) {
            struct timespec now;
            if (!receive) receive = (ssize_t (*)(int, struct msghdr *, int))dlsym(RTLD_NEXT, "recvmsg");
            ssize_t count = receive(descriptor, message, flags);
            if (count < 0) return count;
            if (getenv("NO_STAMPS")) message->msg_controllen = 0;
            clock_gettime(CLOCK_MONOTONIC, &now);
            if (!stepped()) return count;
            for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item; item = CMSG_NXTHDR(message, item)) {
                if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_TIMESTAMPING) continue;
                struct timespec *stamp = (struct timespec *)CMSG_DATA(item);
                if (stamp->tv_sec) stamp->tv_sec += 3600;
            }
            return count;
        }
        """
}
