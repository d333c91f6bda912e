// SPDX-License-Identifier: GPL-3.0-or-later
//
// The promise behind 250, tried at every disk operation: the story of spool_story.h is lived again and again, and each
// time the next operation (of the database or of our files) goes wrong. Then the machine starts again and the promises
// are read out. Threats Q01 (kill), Q02 (power), Q03 (failed sync), Q04 (disk full).
#include "spool_story.h"

#include "base/log.h"

#include <QTest>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;

namespace {

enum class Fault {
    IoThenKill,
    NoSpaceThenKill,
    OutageThenKill,
    IoThenPowerCut,
    OutageThenPowerCut,
    PowerCut,
    TornPowerCut
};
constexpr quint32 kFaults = 7;

struct Run {
    QByteArray wrong;       // "" = all promises kept
    bool reachedEnd = false; // the story has fewer operations than that
};

// The messages that only ask whether mail is taken.
void removeProbes(SpoolFixture& f) {
    std::vector<EnvelopeUpdate> removals;
    for (const QueuedMessage& message : wholeQueue(*f.spool).value_or(std::vector<QueuedMessage>()))
        if (message.message.size == 1)
            removals.push_back({EnvelopeUpdate::Kind::Remove, message.envelopes[0].id, 0, 0, 0, {}});
    (void)f.update(removals);
}

// In which form the queue is kept: 0 as it comes, 1 compressed, 2 encrypted, 3 both.
SealPtr sealOf(int form) {
    if (form == 0)
        return nullptr;
    return makeSeal((form & 1) != 0, (form & 2) != 0 ? "0123456789abcdef0123456789abcdef" : nullptr);
}

// One life with operation `failAt` going wrong, and what is left after it.
Run live(quint32 seed, int groups, Fault fault, int failAt, int form = 0) {
    SpoolFixture f;
    f.seal = sealOf(form);
    f.faults->failAt = failAt;
    const bool lasting = fault == Fault::PowerCut || fault == Fault::TornPowerCut;
    const bool outage = fault == Fault::OutageThenKill || fault == Fault::OutageThenPowerCut;
    f.faults->mode = lasting  ? DiskFaults::Mode::FromThenOn
                     : outage ? DiskFaults::Mode::Outage
                              : DiskFaults::Mode::Once;
    if (fault == Fault::NoSpaceThenKill)
        f.faults->error = Error{ErrorCode::NoSpace, "injected: no space left"};

    SpoolStory story(seed);
    bool opened = f.open().has_value();
    if (!opened && !lasting) {
        f.kill();
        f.faults->failAt = 0;
        if (const auto again = f.open(); !again)
            return {"a second start failed: " + again.error().text, false};
        opened = true;
    }
    if (opened)
        story.run(f, groups);
    const bool failed = f.faults->failed;
    *f.faults = DiskFaults();
    if (outage) // the disk is back: the next message is taken, and what was told as failed is cleaned up before it
        if (const auto back = f.store(makeMessage(f.spool->ids()->next(), "y")); !back)
            return {"does not recover: " + back.error().text, false};
    switch (fault) {
    case Fault::IoThenKill:
    case Fault::NoSpaceThenKill:
    case Fault::OutageThenKill: f.kill(); break;
    case Fault::IoThenPowerCut:
    case Fault::OutageThenPowerCut:
    case Fault::PowerCut: f.powerCut(); break;
    case Fault::TornPowerCut: f.powerCut(seed * 7919 + quint32(failAt)); break;
    }
    const Uncertain uncertain = lasting  ? Uncertain::MayBeThere
                                : outage ? Uncertain::NoticesMayBeThere
                                         : Uncertain::MustBeGone;
    for (const char* when : {"after the fault: ", "after one more power cut: "}) {
        if (const auto again = f.open(); !again)
            return {when + again.error().text, false};
        if (!f.spool->findings().isEmpty())
            return {when + f.spool->findings().join("; "), false};
        removeProbes(f);
        if (const QByteArray wrong = story.check(f, uncertain); !wrong.isEmpty())
            return {when + wrong, false};
        if (const auto stored = f.store(makeMessage(f.spool->ids()->next(), "x")); !stored)
            return {QByteArray(when) + "no new mail: " + stored.error().text, false};
        f.powerCut();
    }
    return {{}, !failed};
}

} // namespace

Q_DECLARE_METATYPE(Fault)

class TestSpoolCrash : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogThreshold(LogLevel(99)); } // hundreds of injected failures
    void keepsItsPromisesAtEveryOperation_data();
    void keepsItsPromisesAtEveryOperation();
    void keepsSealedPromisesAtEveryOperation_data();
    void keepsSealedPromisesAtEveryOperation();
    void keepsItsPromisesInManyLives();
    void losesNobodyWhileItClosesUp();
};

void TestSpoolCrash::keepsItsPromisesAtEveryOperation_data() {
    QTest::addColumn<Fault>("fault");
    QTest::addRow("Q01 Q03 an operation fails, then kill") << Fault::IoThenKill;
    QTest::addRow("Q04 the disk is full for one operation, then kill") << Fault::NoSpaceThenKill;
    QTest::addRow("Q03 Q05 the disk is away for six operations, then kill") << Fault::OutageThenKill;
    QTest::addRow("Q03 Q05 the disk is away for six operations, later the power goes") << Fault::OutageThenPowerCut;
    QTest::addRow("Q03 an operation fails, work goes on, then the power goes") << Fault::IoThenPowerCut;
    QTest::addRow("Q02 the power goes; nothing unsynced survives") << Fault::PowerCut;
    QTest::addRow("Q02 the power goes; some unsynced blocks survive") << Fault::TornPowerCut;
}

void TestSpoolCrash::keepsItsPromisesAtEveryOperation() {
    QFETCH(Fault, fault);
    for (int n = 1;; ++n) {
        const Run run = live(1, 6, fault, n);
        QVERIFY2(run.wrong.isEmpty(), ("operation " + QByteArray::number(n) + ": " + run.wrong).constData());
        if (run.reachedEnd) {
            QVERIFY2(n > 100, "the story is too short to prove anything");
            return;
        }
    }
}

void TestSpoolCrash::keepsSealedPromisesAtEveryOperation_data() {
    QTest::addColumn<Fault>("fault");
    QTest::addColumn<int>("form");
    QTest::addRow("Q01 Q03 X05 encrypted: an operation fails, then kill") << Fault::IoThenKill << 2;
    QTest::addRow("Q04 compressed: the disk is full for one operation, then kill") << Fault::NoSpaceThenKill << 1;
    QTest::addRow("Q04 X05 both: the disk is full for one operation, then kill") << Fault::NoSpaceThenKill << 3;
    QTest::addRow("Q02 compressed: the power goes") << Fault::PowerCut << 1;
    QTest::addRow("Q02 X05 both: the power goes; some unsynced blocks survive") << Fault::TornPowerCut << 3;
}

void TestSpoolCrash::keepsSealedPromisesAtEveryOperation() {
    QFETCH(Fault, fault);
    QFETCH(int, form);
    for (int n = 1;; ++n) {
        const Run run = live(2, 6, fault, n, form);
        QVERIFY2(run.wrong.isEmpty(), ("operation " + QByteArray::number(n) + ": " + run.wrong).constData());
        if (run.reachedEnd) {
            QVERIFY2(n > 100, "the story is too short to prove anything");
            return;
        }
    }
}

// Thirty more stories; their operations are spread over the kinds of faults. A failure prints what repeats it.
void TestSpoolCrash::keepsItsPromisesInManyLives() {
    for (quint32 seed = 100; seed < 130; ++seed) {
        bool reachedEnd = false;
        for (int n = 1; !reachedEnd; n += 9) {
            const auto fault = Fault((quint32(n) / 9 + seed) % kFaults);
            const Run run = live(seed, 8, fault, n + int(seed % 9), int(seed % 4));
            QVERIFY2(run.wrong.isEmpty(),
                     ("seed " + QByteArray::number(seed) + ", fault " + QByteArray::number(int(fault)) +
                      ", operation " + QByteArray::number(n + int(seed % 9)) + ": " + run.wrong)
                         .constData());
            reachedEnd = run.reachedEnd;
        }
    }
}

// Segments of which most messages have left: the others move, and every operation on their way goes wrong once.
void TestSpoolCrash::losesNobodyWhileItClosesUp() {
    const auto content = [](int i) { return "Subject: x\r\n\r\n" + QByteArray(40'000 + i, char('a' + i % 26)); };
    int sizeWithoutFault = -1;
    for (int n = 0, fault = 0; fault < 4; ++n) { // operation 0: none goes wrong
        SpoolFixture f;
        QVERIFY(f.open());
        std::vector<MessageId> ids;
        std::vector<EnvelopeUpdate> removals;
        for (int i = 0; i < 60; ++i) { // five to a segment
            StoreMessage message = makeMessage(f.spool->ids()->next(), content(i));
            ids.push_back(message.message.id);
            if (i % 5 != 2)
                removals.push_back({EnvelopeUpdate::Kind::Remove, message.envelopes[0].id, 0, 0, 0, {}});
            QVERIFY(f.store(std::move(message)));
        }
        QVERIFY(f.update(removals));
        QCOMPARE(f.disk.list("/spool/segments")->size(), 12);

        f.faults->mode = fault == 0   ? DiskFaults::Mode::Once
                         : fault == 1 ? DiskFaults::Mode::Outage
                                      : DiskFaults::Mode::FromThenOn;
        f.faults->failAt = n > 0 ? f.faults->count + n : 0;
        for (int quiet = 0; quiet < 12; ++quiet)
            f.spool->tidy();
        const bool reachedEnd = n > 0 && !f.faults->failed;
        *f.faults = DiskFaults();
        if (n == 0)
            sizeWithoutFault = int(f.disk.list("/spool/segments")->size());
        if (fault < 2)
            QVERIFY2(f.store(makeMessage(f.spool->ids()->next(), "x")), QByteArray::number(n).constData());
        for (int start = 0; start < 2; ++start) {
            const QByteArray when = "fault " + QByteArray::number(fault) + ", operation " + QByteArray::number(n);
            if (start > 0 || fault >= 2)
                QVERIFY2(f.open() && f.spool->findings().isEmpty(), when.constData());
            int there = 0;
            for (int i = 0; i < 60; ++i) {
                const auto found = f.content(ids[size_t(i)]);
                there += found ? 1 : 0;
                QVERIFY2(found.has_value() == (i % 5 == 2), when.constData());
                QVERIFY2(!found || *found == content(i), when.constData());
            }
            QCOMPARE(there, 12);
            f.powerCut(fault == 3 ? std::optional<quint32>(quint32(n)) : std::nullopt);
        }
        if (reachedEnd) {
            QVERIFY2(n > 20, "nothing was moved");
            ++fault;
            n = 0;
        }
    }
    QVERIFY2(sizeWithoutFault < 9, QByteArray::number(sizeWithoutFault).constData());
}

QTEST_APPLESS_MAIN(TestSpoolCrash)
#include "tst_spool_crash.moc"
