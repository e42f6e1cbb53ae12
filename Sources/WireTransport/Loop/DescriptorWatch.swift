import CSockets

/// How a loop learns which of its members' descriptors are ready.
protocol DescriptorWatch: AnyObject {
    /// A member came.
    func added(_ member: any LoopMember)
    /// A member goes; its descriptor may still be open.
    func removed(_ member: any LoopMember)
    /// Waits until a descriptor is ready, at most `waitNs`, and tells the members that are.
    func wait(atMostNs waitNs: Int64)
    /// Whether a member waits to write.
    var wantsToWrite: Bool { get }
}

/// `poll(2)`, which every system has.
final class PollWatch: DescriptorWatch {
    private var members: [any LoopMember] = []
    private var polled: [pollfd] = []

    func added(_ member: any LoopMember) {
        members.append(member)
    }

    func removed(_ member: any LoopMember) {
        members.removeAll { $0 === member }
    }

    var wantsToWrite: Bool { members.contains { $0.wantsToWrite } }

    func wait(atMostNs waitNs: Int64) {
        polled.removeAll(keepingCapacity: true)
        for member in members {
            let events = (member.wantsToRead ? Int16(POLLIN) : 0) | (member.wantsToWrite ? Int16(POLLOUT) : 0)
            polled.append(pollfd(fd: events == 0 ? -1 : member.descriptor, events: events, revents: 0))
        }
        let count = polled.withUnsafeMutableBufferPointer { latexp_poll($0.baseAddress, Int32($0.count), waitNs) }
        guard count > 0 else { return }
        let snapshot = members
        for (index, item) in polled.enumerated() where item.revents != 0 && index < snapshot.count {
            let member = snapshot[index]
            guard member.descriptor == item.fd else { continue }
            let failed = item.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
            let toRead = item.revents & Int16(POLLIN) != 0 || failed
            let toWrite = item.revents & Int16(POLLOUT) != 0 || failed
            member.ready(toRead: toRead && member.wantsToRead, toWrite: toWrite)
        }
    }
}

#if os(Linux)
    /// `epoll(7)`: waiting costs the same however many descriptors are quiet, and half of what poll takes for a
    /// handful.
    final class EpollWatch: DescriptorWatch {
        /// A member and what the kernel has been told of it.
        private struct Entry {
            let member: any LoopMember
            let token: UInt64
            /// Negative when it is not watched.
            var descriptor: Int32 = -1
            var toRead = false
            var toWrite = false
        }

        private let set: Int32
        private var entries: [Entry] = []
        private var lastToken: UInt64 = 0
        /// Members whose descriptor is a file or /dev/null, which are always ready and cannot be watched.
        private var unwatchable: Set<UInt64> = []
        private let found = UnsafeMutablePointer<latexp_ready>.allocate(capacity: Int(LATEXP_READY_LIMIT))

        /// Nil when the system gives no descriptor for it.
        init?() {
            set = latexp_watch_open()
            guard set >= 0 else {
                found.deallocate()
                return nil
            }
        }

        deinit {
            close(set)
            found.deallocate()
        }

        func added(_ member: any LoopMember) {
            lastToken += 1
            entries.append(Entry(member: member, token: lastToken))
        }

        func removed(_ member: any LoopMember) {
            guard let index = entries.firstIndex(where: { $0.member === member }) else { return }
            let entry = entries.remove(at: index)
            unwatchable.remove(entry.token)
            if entry.descriptor >= 0 { latexp_unwatch(set, entry.descriptor) }
        }

        var wantsToWrite: Bool { entries.contains { $0.member.wantsToWrite } }

        func wait(atMostNs waitNs: Int64) {
            for index in entries.indices { tellKernel(index) }
            let count = latexp_watch_wait(set, found, unwatchable.isEmpty ? waitNs : 0)
            for token in unwatchable { entry(token)?.member.ready(toRead: true, toWrite: false) }
            guard count > 0 else { return }
            for item in UnsafeBufferPointer(start: found, count: Int(count)) {
                // A callback may have removed the member or closed its descriptor since.
                guard let entry = entry(item.token), entry.member.descriptor == entry.descriptor else { continue }
                let failed = item.failed != 0
                let toRead = (item.toRead != 0 || failed) && entry.member.wantsToRead
                entry.member.ready(toRead: toRead, toWrite: item.toWrite != 0 || failed)
            }
        }

        /// Tokens grow, and entries keep their order.
        @inline(__always)
        private func entry(_ token: UInt64) -> Entry? {
            var low = 0
            var high = entries.count
            while low < high {
                let middle = (low + high) / 2
                if entries[middle].token < token { low = middle + 1 } else { high = middle }
            }
            return low < entries.count && entries[low].token == token ? entries[low] : nil
        }

        @inline(__always)
        private func tellKernel(_ index: Int) {
            let member = entries[index].member
            let toRead = member.wantsToRead
            let toWrite = member.wantsToWrite
            let descriptor = toRead || toWrite ? member.descriptor : -1
            let known = entries[index]
            if descriptor == known.descriptor, toRead == known.toRead, toWrite == known.toWrite { return }
            change(index, descriptor, toRead, toWrite)
        }

        @inline(never)
        private func change(_ index: Int, _ descriptor: Int32, _ toRead: Bool, _ toWrite: Bool) {
            let known = entries[index].descriptor
            if known >= 0, known != descriptor { latexp_unwatch(set, known) }
            entries[index].descriptor = descriptor
            entries[index].toRead = toRead
            entries[index].toWrite = toWrite
            unwatchable.remove(entries[index].token)
            guard descriptor >= 0 else { return }
            let isNew: Int32 = known != descriptor ? 1 : 0
            let failure = latexp_watch(
                set,
                descriptor,
                isNew,
                toRead ? 1 : 0,
                toWrite ? 1 : 0,
                entries[index].token
            )
            if failure == EPERM { unwatchable.insert(entries[index].token) }
        }
    }
#endif
