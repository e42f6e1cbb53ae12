import ExperimentModel
import Foundation
import Testing

struct SampleTests {
    private static let sample = SampleRecord(
        updateID: 11_671_659_685_961,
        eventTimeNs: 1_790_526_538_940_000_000,
        sequence: 7,
        sourceKernelNs: 1_790_526_538_941_000_000,
        sourceUserNs: 1_790_526_538_941_020_000,
        sourceSendNs: 1_790_526_538_941_050_000,
        arrivalKernelNs: 1_790_526_539_053_000_000,
        arrivalWallNs: 1_790_526_539_053_030_000,
        arrivalMonotonicNs: 5_000_030_000,
        lane: 3,
        stream: 1,
        connection: 2,
        flags: [.reordered]
    )

    @Test("A record survives its 96 octets")
    func roundTrip() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SampleRecord.size, alignment: 8)
        defer { buffer.deallocate() }
        guard let base = buffer.baseAddress else { return }
        Self.sample.write(to: base)
        #expect(SampleRecord(from: base) == Self.sample)
        #expect(buffer[0] == 0x49, "the update id is little endian")
    }

    @Test("The monotonic arrival is the kernel's, and survives a step of the wall clock")
    func monotonicArrival() {
        #expect(Self.sample.arrivalOnMonotonicNs == 5_000_000_000)
        var stepped = Self.sample
        stepped.arrivalWallNs += 3_600_000_000_000
        #expect(stepped.arrivalOnMonotonicNs == 5_000_030_000)
        var withoutKernel = Self.sample
        withoutKernel.arrivalKernelNs = SampleRecord.absent
        #expect(withoutKernel.arrivalOnMonotonicNs == 5_000_030_000)
        #expect(withoutKernel.arrivalNs == withoutKernel.arrivalWallNs)
    }

    @Test("A file is read whole; a torn last record is ignored and reported; another format is refused")
    func file() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "samples-\(UUID().uuidString).bin").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var bytes = Data(SampleFile.header())
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SampleRecord.size, alignment: 8)
        defer { buffer.deallocate() }
        guard let base = buffer.baseAddress else { return }
        Self.sample.write(to: base)
        for _ in 0..<3 { bytes.append(contentsOf: buffer) }
        try (bytes + Data([1, 2, 3])).write(to: URL(filePath: path))
        let (records, torn) = try SampleFile.read(path: path)
        #expect(records == [Self.sample, Self.sample, Self.sample])
        #expect(torn == 3)
        bytes[8] = 9
        try bytes.write(to: URL(filePath: path))
        let error = try #require(throws: ExperimentError.self) { try SampleFile.read(path: path) }
        #expect(error.code == .incompatible)
    }

    @Test("A line of samples.csv has the first design's columns first, and nothing where there is nothing")
    func csv() {
        var bytes: [UInt8] = []
        SampleCSV.append(
            Self.sample,
            lane: SampleCSV.lane(path: "backbone", number: 0),
            stream: "btcusdt@bookTicker",
            isInWindow: true,
            to: &bytes
        )
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "7,1790526538940,1790526538941000000,1790526539053000000,113.000000,112.000000,backbone,0,"
                + "btcusdt@bookTicker,11671659685961,1790526538941050000,true,kernel,0.020000,kernel,0.030000\n"
        )
        var direct = Self.sample
        direct.eventTimeNs = SampleRecord.absent
        direct.sourceKernelNs = SampleRecord.absent
        direct.sourceUserNs = SampleRecord.absent
        direct.sourceSendNs = SampleRecord.absent
        // As everywhere else than on Linux.
        direct.arrivalKernelNs = SampleRecord.absent
        bytes = []
        SampleCSV.append(
            direct,
            lane: SampleCSV.lane(path: "a,\"b\"", number: 1),
            stream: "x",
            isInWindow: false,
            to: &bytes
        )
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "7,,,1790526539053030000,,,\"a,\"\"b\"\"\",1,x,11671659685961,,false,,,user,\n"
        )
    }

    @Test(
        "Receive times say whether they are the kernel's; without any they are the process's, with few exceptions the kernel's"
    )
    func receiveTimeSource() {
        var count = ReceiveTimeCount()
        #expect(count.source == "user")
        count.add(kernelNs: SampleRecord.absent)
        #expect(count.source == "user" && count.user == 1)
        for _ in 0..<999 { count.add(kernelNs: 1) }
        #expect(count.source == "mixed")
        count.add(kernelNs: 1)
        #expect(count.source == "kernel" && count.kernel == 1_000)

        var sample = Self.sample
        #expect(sample.arrivalSource == .kernel && sample.hostDelayNs == 30_000)
        #expect(sample.sourceSource == .kernel && sample.sourceHostDelayNs == 20_000)
        sample.arrivalKernelNs = SampleRecord.absent
        sample.sourceKernelNs = SampleRecord.absent
        #expect(sample.arrivalSource == .user && sample.hostDelayNs == nil)
        #expect(sample.arrivalNs == sample.arrivalWallNs && sample.sourceNs == sample.sourceUserNs)
        #expect(sample.sourceSource == .user && sample.sourceHostDelayNs == nil)
        sample.sourceUserNs = SampleRecord.absent
        #expect(sample.sourceSource == nil)
    }

    @Test(
        "Milliseconds are exact, also below zero",
        arguments: [(0, "0.000000"), (-1_500, "-0.001500"), (112_000_001, "112.000001")] as [(Int64, String)]
    )
    func milliseconds(ns: Int64, text: String) {
        #expect(SampleCSV.milliseconds(ns) == text)
    }
}
