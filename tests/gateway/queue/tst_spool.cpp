// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the spool does on good days and with bad input; the bad disk has tst_spool_crash, the damaged one
// tst_spool_rescue. One file on purpose: one fixture, one promise of the header a function.
#include "spool_fixture.h"

#include "base/log.h"
#include "queue/database.h"
#include "queue/message_id.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <set>

using namespace postern;
using namespace postern::queue;
using namespace postern::test;

namespace {

const QByteArray kSmall("Subject: hello\r\n\r\nsmall\r\n");

QByteArray large(char fill, qsizetype size = 100'000) {
    return "Subject: large\r\n\r\n" + QByteArray(size, fill);
}

EnvelopeId envelope(MessageId message, quint32 recipient) {
    return (EnvelopeId(message) << 32) | recipient;
}

EnvelopeUpdate removal(EnvelopeId id) {
    return {EnvelopeUpdate::Kind::Remove, id, 0, 0, 0, {}};
}

std::vector<QueuedMessage> loaded(SpoolFixture& f) {
    auto queued = wholeQueue(*f.spool);
    return queued ? std::move(queued).value() : std::vector<QueuedMessage>();
}

} // namespace

class TestSpool : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void initTestCase() { setLogThreshold(LogLevel(99)); }
    void refusesWhatMakesNoSense_data();
    void refusesWhatMakesNoSense();
    void duplicateFailsAlone();
    void shortFileIsRefused();
    void failedSyncFailsAlone();
    void failedFolderSyncFailsAllFiles();
    void failedSegmentSyncFailsWhatWentThere();
    void failedWriteToASegmentFailsAlone();
    void oneSyncForAllSegmentContents();
    void removesASegmentWithItsLastMessage();
    void veryLargeContentIsAFile();
    void refusesBelowTheReserve();
    void refusesWhenNeverOpened();
    void keepsMessagesOverRestart_data();
    void keepsMessagesOverRestart();
    void keepsEveryField();
    void changesEnvelopes();
    void caughtMailNeverLeaves();
    void loadsOneMessageAsItIsOnTheDisk();
    void Q16_outlinesWhatIsQueued();
    void Q16_aNewTimeKeepsWhatThePeerSaid();
    void Q16_readsWhatIsNeededToSend();
    void removesContentWithItsLastEnvelope();
    void bounceReplacesWhatFailed();
    void bounceThatFailsKeepsWhatFailed();
    void readsBodies();
    void discardsOnlyIncoming();
    void loadsOldestFirst();
    void idsAreUniqueOverRestarts();
    void idTexts_data();
    void idTexts();
    void reservesIdsBeyondABlock();
    void keepsCountersOverAPowerCut();
    void namesTheDatabaseItCannotOpen();
    void tellsWhetherCountersAreKept();
    void tidiesItsLog();
    void answersEveryRequestWhenShut();
};

void TestSpool::refusesWhatMakesNoSense_data() {
    QTest::addColumn<int>("what");
    QTest::addRow("id 0") << 0;
    QTest::addRow("no recipients") << 1;
    QTest::addRow("envelope of another message") << 2;
    QTest::addRow("the same envelope twice") << 3;
    QTest::addRow("content file that is not there") << 4;
}

void TestSpool::refusesWhatMakesNoSense() {
    QFETCH(int, what);
    SpoolFixture f;
    QVERIFY(f.open());
    StoreMessage message = makeMessage(7, kSmall, 2);
    switch (what) {
    case 0: message.message.id = 0; break;
    case 1: message.envelopes.clear(); break;
    case 2: message.envelopes[1].id = envelope(8, 1); break;
    case 3: message.envelopes[1].id = message.envelopes[0].id; break;
    default:
        message.content.bytes.clear();
        message.content.file = f.spool->incomingPath(7);
    }
    QVERIFY(!f.store(std::move(message)));
    QVERIFY(loaded(f).empty());
    QVERIFY(f.store(makeMessage(8, kSmall)));
}

void TestSpool::duplicateFailsAlone() { // Q11
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(f.inFile(makeMessage(7, large('a')))));
    std::vector<SpoolRequest> group;
    QByteArrayList answers;
    const auto add = [&](StoreMessage message) {
        message.done = [&answers, id = message.message.id](const Result<BodyPtr>& done) {
            answers.append(QByteArray::number(id) + (done ? " ok" : " " + toString(done.error().code).toByteArray()));
        };
        group.push_back(std::move(message));
    };
    add(makeMessage(8, kSmall));
    add(f.inFile(makeMessage(7, large('b')))); // taken on disk
    add(makeMessage(9, kSmall));
    add(makeMessage(9, kSmall)); // taken in this group
    f.spool->carryOut(std::move(group));
    QCOMPARE(answers.join(", "), QByteArray("8 ok, 7 exists, 9 ok, 9 exists"));
    QCOMPARE(f.content(7).value_or({}), large('a')); // not overwritten
    QCOMPARE(loaded(f).size(), size_t(3));
}

void TestSpool::shortFileIsRefused() {
    SpoolFixture f;
    QVERIFY(f.open());
    StoreMessage message = f.inFile(makeMessage(7, large('a')));
    message.content.size += 1;
    QVERIFY(!f.store(std::move(message)));
    QVERIFY(loaded(f).empty());
    QVERIFY(f.disk.list("/spool/incoming")->isEmpty());
}

void TestSpool::failedSyncFailsAlone() { // Q03
    SpoolFixture f;
    QVERIFY(f.open());
    std::vector<SpoolRequest> group;
    QByteArrayList answers;
    for (const MessageId id : {7U, 8U, 9U}) {
        StoreMessage message = id == 8 ? makeMessage(id, kSmall) : f.inFile(makeMessage(id, large('a')));
        message.done = [&answers](const Result<BodyPtr>& done) { answers.append(done ? "ok" : "failed"); };
        group.push_back(std::move(message));
    }
    f.faults->failAt = f.faults->count + 1; // syncFile of the first
    f.spool->carryOut(std::move(group));
    QCOMPARE(answers.join(' '), QByteArray("failed ok ok"));
    QCOMPARE(f.disk.list("/spool/bodies").value_or({}),
             QByteArrayList{toText(MessageId(9))}); // its bytes are not trusted
    QVERIFY(f.disk.list("/spool/incoming")->isEmpty());
}

void TestSpool::failedFolderSyncFailsAllFiles() {
    SpoolFixture f;
    QVERIFY(f.open());
    std::vector<SpoolRequest> group;
    QByteArrayList answers;
    for (const MessageId id : {7U, 8U, 9U}) {
        StoreMessage message = id == 8 ? makeMessage(id, kSmall) : f.inFile(makeMessage(id, large('a')));
        message.done = [&answers](const Result<BodyPtr>& done) { answers.append(done ? "ok" : "failed"); };
        group.push_back(std::move(message));
    }
    f.faults->failAt = f.faults->count + 5; // sync, sync, rename, rename, then the folder
    f.spool->carryOut(std::move(group));
    QCOMPARE(answers.join(' '), QByteArray("failed ok failed"));
    QVERIFY(f.disk.list("/spool/bodies")->isEmpty());
}

namespace {

// Stores all in one group; "ok" or "failed" for each.
QByteArray storeTogether(SpoolFixture& f, std::vector<StoreMessage> messages) {
    std::vector<SpoolRequest> group;
    QByteArrayList answers;
    for (StoreMessage& message : messages) {
        message.done = [&answers](const Result<BodyPtr>& done) { answers.append(done ? "ok" : "failed"); };
        group.push_back(std::move(message));
    }
    f.spool->carryOut(std::move(group));
    return answers.join(' ');
}

} // namespace

void TestSpool::failedSegmentSyncFailsWhatWentThere() { // Q03
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(makeMessage(6, large('0', 40'000))));
    f.faults->failAt = f.faults->count + 3; // write, write, then the one sync
    QCOMPARE(storeTogether(f, {makeMessage(7, large('a', 40'000)), makeMessage(8, kSmall), makeMessage(9, large('b', 40'000))}),
             QByteArray("failed ok failed"));
    QVERIFY(f.store(makeMessage(10, large('c', 40'000))));
    QCOMPARE(f.disk.list("/spool/segments")->size(), 2); // nothing more is appended to the one that failed
    f.powerCut();
    QVERIFY(f.open());
    QCOMPARE(loaded(f).size(), size_t(3));
    QCOMPARE(f.content(6).value_or({}), large('0', 40'000));
    QCOMPARE(f.content(10).value_or({}), large('c', 40'000));
}

void TestSpool::failedWriteToASegmentFailsAlone() { // Q04
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(makeMessage(6, large('0', 40'000))));
    f.faults->failAt = f.faults->count + 2;
    QCOMPARE(storeTogether(f, {makeMessage(7, large('a', 40'000)), makeMessage(8, large('b', 40'000)), makeMessage(9, large('c', 40'000))}),
             QByteArray("ok failed ok"));
    f.powerCut();
    QVERIFY(f.open());
    QCOMPARE(loaded(f).size(), size_t(3));
    QCOMPARE(f.content(7).value_or({}), large('a', 40'000));
    QCOMPARE(f.content(9).value_or({}), large('c', 40'000));
}

void TestSpool::oneSyncForAllSegmentContents() {
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(makeMessage(6, large('0', 40'000))));
    const int before = f.faults->count;
    QCOMPARE(storeTogether(f, {makeMessage(7, kSmall)}), QByteArray("ok"));
    const int small = f.faults->count - before;
    QCOMPARE(storeTogether(f, {makeMessage(8, large('a', 40'000)), makeMessage(9, large('b', 40'000)), makeMessage(10, large('c', 40'000))}),
             QByteArray("ok ok ok"));
    const int three = f.faults->count - before - small;
    QVERIFY2(three <= small + 4, QByteArray::number(three - small).constData()); // three writes, one sync
}

void TestSpool::removesASegmentWithItsLastMessage() {
    SpoolFixture f;
    QVERIFY(f.open());
    for (MessageId id = 1; id <= 11; ++id) // five to a segment
        QVERIFY(f.store(makeMessage(id, large('a', 40'000))));
    QCOMPARE(f.disk.list("/spool/segments")->size(), 3);
    for (MessageId id = 1; id <= 4; ++id)
        QVERIFY(f.update({removal(envelope(id, 1))}));
    QCOMPARE(f.disk.list("/spool/segments")->size(), 3);
    QVERIFY(f.update({removal(envelope(5, 1))}));
    QCOMPARE(f.disk.list("/spool/segments").value_or({}), (QByteArrayList{"00000002", "00000003"}));
    f.kill();
    QVERIFY(f.open());
    QVERIFY(f.update({removal(envelope(11, 1))}));
    QCOMPARE(f.disk.list("/spool/segments").value_or({}), (QByteArrayList{"00000002"}));
    QVERIFY(f.content(6) && !f.content(11));
}

void TestSpool::veryLargeContentIsAFile() {
    SpoolFixture f;
    QVERIFY(f.open());
    const QByteArray most(kSegmentBody, 'm'), more(kSegmentBody + 1, 'n');
    QCOMPARE(storeTogether(f, {makeMessage(7, most), makeMessage(8, more)}), QByteArray("ok ok"));
    QCOMPARE(f.disk.list("/spool/bodies").value_or({}), QByteArrayList{toText(MessageId(8))});
    QCOMPARE(f.content(7).value_or({}), most);
    QCOMPARE(f.content(8).value_or({}), more);
}

void TestSpool::refusesBelowTheReserve() { // Q04: 452, and deletes and notices go on
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(makeMessage(7, kSmall, 2)));
    f.disk.setFreeBytes(63LL << 20);
    const auto refused = f.store(f.inFile(makeMessage(8, large('a'))));
    QVERIFY(!refused);
    QVERIFY(refused.error().code == ErrorCode::NoSpace);
    QVERIFY(refused.error().text.contains("63 MiB") && refused.error().text.contains("/spool"));
    QVERIFY(f.disk.list("/spool/incoming")->isEmpty());
    QVERIFY(f.update({removal(envelope(7, 1))}));
    QVERIFY(f.update({removal(envelope(7, 2))}, {makeMessage(9, "notice")}));
    f.disk.setFreeBytes(64LL << 20);
    QVERIFY(f.store(makeMessage(10, kSmall))); // recovers alone
    QCOMPARE(loaded(f).size(), size_t(2));
}

void TestSpool::refusesWhenNeverOpened() {
    SpoolFixture f;
    Spool closed(f.files, f.clock, SpoolSettings{"/spool", f.vfs.name(), 0, {}});
    bool answered = false;
    StoreMessage message = makeMessage(7, kSmall);
    message.done = [&answered](const Result<BodyPtr>& done) { answered = !done; };
    std::vector<SpoolRequest> group;
    group.push_back(std::move(message));
    closed.carryOut(std::move(group)); // never opened
    QVERIFY(answered);
}

void TestSpool::keepsMessagesOverRestart_data() {
    QTest::addColumn<int>("end");
    QTest::addRow("closed in order") << 0;
    QTest::addRow("Q01 killed") << 1;
    QTest::addRow("Q02 power cut") << 2;
}

void TestSpool::keepsMessagesOverRestart() {
    QFETCH(int, end);
    SpoolFixture f;
    QVERIFY(f.open());
    const MessageId a = f.spool->ids()->next(), b = f.spool->ids()->next(), c = f.spool->ids()->next();
    QVERIFY(f.store(makeMessage(a, kSmall, 2)));
    QVERIFY(f.store(f.inFile(makeMessage(b, large('x')))));
    QVERIFY(f.store(makeMessage(c, large('y')))); // large, but in memory: the spool writes the file
    if (end == 0)
        f.spool->close();
    else if (end == 1)
        f.kill();
    else
        f.powerCut();
    QVERIFY(f.open());
    QCOMPARE(loaded(f).size(), size_t(3));
    QCOMPARE(f.content(a).value_or({}), kSmall);
    QCOMPARE(f.content(b).value_or({}), large('x'));
    QCOMPARE(f.content(c).value_or({}), large('y'));
    QVERIFY(f.spool->findings().isEmpty());
}

void TestSpool::keepsEveryField() {
    SpoolFixture f;
    QVERIFY(f.open());
    const QByteArray odd("\0\xff'\"\r\n;--", 9); // strings are octets
    StoreMessage message = makeMessage(0xfffffffe, "x");
    Message& m = message.message;
    m.sender = odd;
    m.params = {12345, smtp::BodyType::EightBitMime, true, smtp::DsnReturn::Headers, "envid"};
    m.createdAt = 42;
    m.hasEightBit = m.isBounce = true;
    m.helo = "helo", m.clientAddress = "addr", m.clientName = "name", m.listener = "l", m.tag = "t", m.user = "u";
    m.subject = "Grüße";
    Envelope& e = message.envelopes[0];
    const auto here = std::make_shared<const LocalEnd>(LocalEnd{"mda", "/bin/x " + odd, "ann", 1000, 2'147'483'648, "/home/ann"});
    e = {e.id, EnvelopeState::Caught, odd, "dest", {"NEVER", "rfc822;x"}, "act", "rel", 11, 22, 33, 44, "err", here};
    QVERIFY(f.store(message));
    f.kill();
    QVERIFY(f.open());
    const auto all = loaded(f);
    QCOMPARE(all.size(), size_t(1));
    const Message& got = all[0].message;
    QCOMPARE(got.id, 0xfffffffe);
    QCOMPARE(got.sender, odd);
    QCOMPARE(got.params.declaredSize, 12345);
    QVERIFY(got.params.body == smtp::BodyType::EightBitMime && got.params.smtpUtf8);
    QVERIFY(got.params.ret == smtp::DsnReturn::Headers);
    QCOMPARE(got.params.envid, QByteArray("envid"));
    QCOMPARE(got.createdAt, 42);
    QCOMPARE(got.size, 1);
    QVERIFY(got.hasEightBit && got.isBounce);
    QCOMPARE(
        (QByteArrayList{got.helo, got.clientAddress, got.clientName, got.listener, got.tag, got.user, got.subject}),
        (QByteArrayList{"helo", "addr", "name", "l", "t", "u", "Grüße"}));
    QCOMPARE(all[0].envelopes.size(), size_t(1));
    const Envelope& back = all[0].envelopes[0];
    QCOMPARE(back.id, e.id);
    QVERIFY(back.state == EnvelopeState::Caught);
    QCOMPARE((QByteArrayList{back.recipient, back.destination, back.params.notify, back.params.orcpt, back.action,
                             back.relay, back.lastError}),
             (QByteArrayList{odd, "dest", "NEVER", "rfc822;x", "act", "rel", "err"}));
    QCOMPARE((QList<qint64>{back.ttl, back.nextTryAt, back.lastTryAt, back.tries}), (QList<qint64>{11, 22, 33, 44}));
    QVERIFY(back.local && *back.local == *here);
}

void TestSpool::changesEnvelopes() {
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(makeMessage(7, kSmall, 3)));
    QVERIFY(f.update({{EnvelopeUpdate::Kind::Reschedule, envelope(7, 1), 500, 100, 2, "451 later"},
                      {EnvelopeUpdate::Kind::Hold, envelope(7, 2), 0, 0, 0, {}},
                      removal(envelope(7, 3)),
                      removal(envelope(99, 1))})); // one that is not there does no harm
    QVERIFY(f.update({{EnvelopeUpdate::Kind::Reschedule, envelope(7, 1), 600, 0, -1, "a person said now"}}));
    f.kill();
    QVERIFY(f.open());
    const auto one = loaded(f).at(0).envelopes;
    QCOMPARE(one.size(), size_t(2));
    QCOMPARE((QList<qint64>{one[0].nextTryAt, one[0].lastTryAt, one[0].tries}), (QList<qint64>{600, 100, 2})); // kept
    QCOMPARE(one[0].lastError, QByteArray("a person said now"));
    QVERIFY(one[1].state == EnvelopeState::Held);
    QVERIFY(f.update({{EnvelopeUpdate::Kind::Release, envelope(7, 2), 700, 0, 0, {}}}));
    const auto two = loaded(f).at(0).envelopes;
    QVERIFY(two[1].state == EnvelopeState::Waiting);
    QCOMPARE(two[1].nextTryAt, 700);
}

void TestSpool::caughtMailNeverLeaves() {
    SpoolFixture f;
    QVERIFY(f.open());
    StoreMessage message = makeMessage(7, kSmall);
    message.envelopes[0].state = EnvelopeState::Caught;
    QVERIFY(f.store(message));
    QVERIFY(f.update({{EnvelopeUpdate::Kind::Hold, envelope(7, 1), 0, 0, 0, {}},
                      {EnvelopeUpdate::Kind::Release, envelope(7, 1), 1, 0, 0, {}}}));
    QVERIFY(loaded(f).at(0).envelopes.at(0).state == EnvelopeState::Caught);
}

void TestSpool::Q16_outlinesWhatIsQueued() {
    SpoolFixture f;
    QVERIFY(f.open().has_value());
    std::vector<MessageId> ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(f.spool->ids()->next());
        StoreMessage store = makeMessage(ids.back(), kSmall, i + 1);
        store.message.createdAt -= i == 3 ? 1000 : 0; // older than those before it
        for (Envelope& e : store.envelopes)
            e.destination = "someone@Example.NET";
        store.envelopes.front().state = i == 1 ? EnvelopeState::Held : EnvelopeState::Waiting;
        store.envelopes.front().tries = i;
        QVERIFY(f.store(std::move(store)).has_value());
    }
    QVERIFY(f.update({removal(envelope(ids[4], 2))}).has_value());
    const auto outline = f.spool->outline();
    QVERIFY(outline.has_value());
    std::vector<MessageId> order;
    for (const QueueOutline::OfMessage& message : outline->messages)
        order.push_back(message.id);
    QCOMPARE(order, (std::vector<MessageId>{ids[3], ids[0], ids[1], ids[2], ids[4]}));
    QCOMPARE(outline->messages[0].createdAt, qint64(1'795'098'720 - 1000));
    QCOMPARE(outline->messages[0].size, qint64(kSmall.size()));
    QCOMPARE(outline->messages[0].clientAddress, QByteArray("192.0.2.7"));
    QCOMPARE(outline->envelopes.size(), size_t(1 + 2 + 3 + 4 + 4));
    QCOMPARE(outline->ways.size(), size_t(1)); // all go the same way
    QCOMPARE(outline->ways[0].domain, QByteArray("example.net"));
    QCOMPARE(outline->ways[0].action, QByteArray("relay"));
    for (const QueueOutline::OfMessage& message : outline->messages)
        for (quint32 i = message.first; i < message.first + message.count; ++i)
            QCOMPARE(messageOf(outline->envelopes[i].id), message.id);
    const QueueOutline::OfMessage& held = outline->messages[2];
    QCOMPARE(held.count, quint32(2));
    QCOMPARE(outline->envelopes[held.first].state, EnvelopeState::Held);
    QCOMPARE(outline->envelopes[held.first].tries, 1);
    QCOMPARE(outline->envelopes[held.first + 1].state, EnvelopeState::Waiting);
}

void TestSpool::Q16_aNewTimeKeepsWhatThePeerSaid() {
    SpoolFixture f;
    QVERIFY(f.open().has_value());
    const MessageId one = f.spool->ids()->next();
    QVERIFY(f.store(makeMessage(one, kSmall)).has_value());
    QVERIFY(f.update({{EnvelopeUpdate::Kind::Reschedule, envelope(one, 1), 10, 5, 1, "451 later"}}).has_value());
    QVERIFY(f.update({{EnvelopeUpdate::Kind::Reschedule, envelope(one, 1), 7, 0, -1, {}}}).has_value());
    Envelope now = f.spool->message(one)->envelopes.front();
    QCOMPARE(now.lastError, QByteArray("451 later"));
    QCOMPARE(now.nextTryAt, qint64(7));
    QCOMPARE(now.tries, 1);
    QVERIFY(f.update({{EnvelopeUpdate::Kind::Reschedule, envelope(one, 1), 7, 0, -1, ""}}).has_value());
    QCOMPARE(f.spool->message(one)->envelopes.front().lastError, QByteArray());
}

void TestSpool::Q16_readsWhatIsNeededToSend() {
    SpoolFixture f;
    QVERIFY(f.open().has_value());
    const MessageId one = f.spool->ids()->next();
    QVERIFY(f.store(makeMessage(one, kSmall, 2)).has_value());
    Result<QueuedMessage> words = Error{ErrorCode::Unavailable, "no answer"};
    Result<BodyPtr> body = Error{ErrorCode::Unavailable, "no answer"};
    const auto ask = [&](MessageId id) {
        std::vector<SpoolRequest> group;
        group.emplace_back(ReadMail{id, [&](Result<QueuedMessage> w, Result<BodyPtr> b) {
                                        words = std::move(w);
                                        body = std::move(b);
                                    }});
        f.spool->carryOut(std::move(group));
    };
    ask(one);
    QVERIFY(words && body);
    QCOMPARE(words->envelopes.size(), size_t(2));
    QCOMPARE(words->envelopes[1].recipient, QByteArray("r1@example.net"));
    QCOMPARE((*body)->bytes, kSmall);
    ask(f.spool->ids()->next());
    QVERIFY(!words && words.error().code == ErrorCode::NotFound);
    QVERIFY(!body && body.error().code == ErrorCode::NotFound);
}

void TestSpool::loadsOneMessageAsItIsOnTheDisk() {
    SpoolFixture f;
    QVERIFY(f.open().has_value());
    const MessageId one = f.spool->ids()->next(), two = f.spool->ids()->next();
    QVERIFY(f.store(makeMessage(one, kSmall, 3)).has_value());
    QVERIFY(f.store(makeMessage(two, kSmall, 2)).has_value());
    const auto ask = [&f](MessageId id) {
        Result<QueuedMessage> answer = Error{ErrorCode::Unavailable, "no answer"};
        std::vector<SpoolRequest> group;
        group.emplace_back(
            LoadMessages{{id}, [&answer](std::vector<Result<QueuedMessage>> found) { answer = std::move(found.front()); }});
        f.spool->carryOut(std::move(group));
        return answer;
    };
    const auto first = ask(one);
    QVERIFY(first.has_value());
    QCOMPARE(first->message.sender, QByteArray("scanner@office.example"));
    QCOMPARE(first->envelopes.size(), size_t(3));
    for (const Envelope& e : first->envelopes)
        QCOMPARE(messageOf(e.id), one);
    QVERIFY(f.update({removal(envelope(one, 2))}).has_value()); // gone from the disk, gone from the answer
    QCOMPARE(ask(one)->envelopes.size(), size_t(2));
    QCOMPARE(ask(two)->envelopes.size(), size_t(2));
    const auto none = ask(f.spool->ids()->next());
    QVERIFY(!none.has_value());
    QVERIFY(none.error().code == ErrorCode::NotFound);
}

void TestSpool::removesContentWithItsLastEnvelope() {
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(f.inFile(makeMessage(7, large('a'), 2))));
    QVERIFY(f.store(makeMessage(8, kSmall)));
    QVERIFY(f.update({removal(envelope(7, 1))}));
    QVERIFY(f.content(7));
    QVERIFY(f.update({removal(envelope(7, 2)), removal(envelope(8, 1))}));
    QVERIFY(!f.content(7) && !f.content(8));
    QVERIFY(f.disk.list("/spool/bodies")->isEmpty());
    QVERIFY(loaded(f).empty());
}

void TestSpool::bounceReplacesWhatFailed() {
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(makeMessage(7, kSmall)));
    QVERIFY(f.update({removal(envelope(7, 1))}, {makeMessage(8, large('n'))}));
    const auto all = loaded(f);
    QCOMPARE(all.size(), size_t(1));
    QCOMPARE(all[0].message.id, MessageId(8));
    QCOMPARE(f.content(8).value_or({}), large('n'));
}

void TestSpool::bounceThatFailsKeepsWhatFailed() {
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(makeMessage(7, kSmall)));
    QVERIFY(!f.update({removal(envelope(7, 1))}, {makeMessage(7, "id is taken")}));
    f.faults->failAt = f.faults->count + 4; // create, allocate, write, sync of the segment of the notice
    QVERIFY(!f.update({removal(envelope(7, 1))}, {makeMessage(8, large('n'))}));
    const auto all = loaded(f);
    QCOMPARE(all.size(), size_t(1));
    QCOMPARE(all[0].envelopes.size(), size_t(1));
    QVERIFY(f.disk.list("/spool/bodies")->isEmpty() && f.disk.list("/spool/incoming")->isEmpty());
}

void TestSpool::readsBodies() {
    SpoolFixture f;
    QVERIFY(f.open());
    StoreMessage message = f.inFile(makeMessage(7, large('a')));
    BodyPtr given;
    message.done = [&given](const Result<BodyPtr>& body) { given = body.value_or(nullptr); };
    std::vector<Result<BodyPtr>> read;
    std::vector<SpoolRequest> group;
    group.push_back(ReadBody{7, [&read](Result<BodyPtr> body) { read.push_back(std::move(body)); }});
    group.push_back(std::move(message));
    group.push_back(ReadBody{8, [&read](Result<BodyPtr> body) { read.push_back(std::move(body)); }});
    f.spool->carryOut(std::move(group));
    QVERIFY(given && given->file == "/spool/bodies/00000007" && given->size == large('a').size());
    QCOMPARE(read.size(), size_t(2));
    QVERIFY(read[0] && (*read[0])->file == given->file);
    QVERIFY(!read[1] && read[1].error().code == ErrorCode::NotFound);
}

void TestSpool::discardsOnlyIncoming() {
    SpoolFixture f;
    QVERIFY(f.open());
    QVERIFY(f.store(f.inFile(makeMessage(7, large('a')))));
    const QByteArray incoming = f.inFile(makeMessage(8, large('b'))).content.file;
    std::vector<SpoolRequest> group;
    for (const QByteArray& file : {incoming, QByteArray("/spool/bodies/00000007"),
                                   QByteArray("/spool/incoming/../bodies/00000007"), QByteArray("/spool/queue.db")})
        group.push_back(DiscardIncoming{file});
    f.spool->carryOut(std::move(group));
    QVERIFY(f.disk.list("/spool/incoming")->isEmpty());
    QVERIFY(f.content(7));
}

void TestSpool::loadsOldestFirst() {
    SpoolFixture f;
    QVERIFY(f.open());
    constexpr int kMany = 2000;
    std::vector<SpoolRequest> group;
    for (int i = 0; i < kMany; ++i) {
        StoreMessage message = makeMessage(f.spool->ids()->next(), "x");
        message.message.createdAt = (i * 7919) % kMany; // each once, mixed
        group.push_back(std::move(message));
    }
    f.spool->carryOut(std::move(group));
    f.kill();
    QVERIFY(f.open());
    const auto all = loaded(f);
    QCOMPARE(all.size(), size_t(kMany));
    for (int i = 0; i < kMany; ++i)
        QCOMPARE(all[size_t(i)].message.createdAt, i);
}

void TestSpool::idsAreUniqueOverRestarts() { // Q11
    SpoolFixture f;
    std::set<MessageId> seen;
    for (int start = 0; start < 20; ++start) {
        QVERIFY(f.open());
        const auto ids = f.spool->ids();
        for (int i = 0; i < 500; ++i) {
            const MessageId id = ids->next();
            QVERIFY(id != 0);
            QVERIFY2(seen.insert(id).second, "handed out twice");
        }
        if (start % 3 == 0)
            QVERIFY(f.store(makeMessage(ids->next(), "x")));
        f.kill();
    }
    QVERIFY(*seen.rbegin() - *seen.begin() > 0xf0000000U); // spread over the whole range
    CountedMessageIds wrapping(0xfffffffeU);
    QCOMPARE(wrapping.next(), idOfSerial(0xfffffffeU));
    QCOMPARE(wrapping.next(), idOfSerial(0xffffffffU));
    QCOMPARE(wrapping.next(), idOfSerial(1)); // 0 is never handed out
    for (quint32 serial = 1; serial < 100'000; serial += 37)
        QCOMPARE(serialOf(idOfSerial(serial)), serial);
    QVERIFY(messageOf(newEnvelopeId(7)) == 7 && newEnvelopeId(7) != newEnvelopeId(7));
}

void TestSpool::idTexts_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<quint64>("message");
    QTest::addColumn<quint64>("envelope");
    QTest::addRow("message id") << QByteArray("00000abc") << quint64(0xabc) << quint64(0);
    QTest::addRow("envelope id") << QByteArray("f0000abc00000001") << quint64(0) << quint64(0xf0000abc00000001);
    QTest::addRow("zero") << QByteArray("00000000") << quint64(0) << quint64(0);
    QTest::addRow("envelope of message zero") << QByteArray("0000000000000001") << quint64(0) << quint64(0);
    QTest::addRow("upper case") << QByteArray("00000ABC") << quint64(0) << quint64(0);
    QTest::addRow("too short") << QByteArray("abc") << quint64(0) << quint64(0);
    QTest::addRow("a path") << QByteArray("../../ab") << quint64(0) << quint64(0);
    QTest::addRow("a sign") << QByteArray("+0000abc") << quint64(0) << quint64(0);
    QTest::addRow("empty") << QByteArray() << quint64(0) << quint64(0);
}

void TestSpool::idTexts() {
    QFETCH(QByteArray, text);
    QFETCH(quint64, message);
    QFETCH(quint64, envelope);
    QCOMPARE(quint64(messageIdFromText(text)), message);
    QCOMPARE(quint64(envelopeIdFromText(text)), envelope);
    if (message != 0)
        QCOMPARE(toText(MessageId(message)), text);
    if (envelope != 0)
        QCOMPARE(toText(EnvelopeId(envelope)), text);
}

void TestSpool::reservesIdsBeyondABlock() {
    SpoolFixture f;
    QVERIFY(f.open());
    MessageId last = 0;
    for (int i = 0; i < 200'000; ++i) // three blocks, most of them for messages that never came
        last = f.spool->ids()->next();
    QVERIFY(f.store(makeMessage(last, "x")));
    f.kill();
    QVERIFY(f.open());
    const quint32 upcoming = serialOf(f.spool->ids()->next());
    QVERIFY(qint32(upcoming - serialOf(last)) > 0);
}

void TestSpool::keepsCountersOverAPowerCut() {
    SpoolFixture fixture;
    QVERIFY(fixture.open());
    QVERIFY(fixture.spool->counters().empty());
    const auto keep = [&fixture](qint64 taken) {
        std::vector<SpoolRequest> group;
        group.emplace_back(KeepCounters{{{"today-taken", taken}, {"today-day", 2'461'000}}});
        fixture.spool->carryOut(std::move(group));
    };
    keep(7);
    keep(1LL << 40);
    fixture.powerCut();
    QVERIFY(fixture.open());
    QCOMPARE(fixture.spool->counters(),
             (std::map<QByteArray, qint64>{{"today-taken", 1LL << 40}, {"today-day", 2'461'000}}));
}

void TestSpool::namesTheDatabaseItCannotOpen() {
    const QTemporaryDir folder;
    const QByteArray path = folder.path().toUtf8() + "/queue.db";
    QVERIFY(QDir().mkdir(folder.filePath(QStringLiteral("queue.db"))));
    Database database;
    const Result<void> opened = database.open(path, nullptr);
    QVERIFY(!opened);
    QVERIFY2(opened.error().text.contains(path), opened.error().text.constData());
}

void TestSpool::tellsWhetherCountersAreKept() { // a pause is answered for only when it outlives a restart
    SpoolFixture fixture;
    QVERIFY(fixture.open());
    std::optional<Result<void>> told;
    const auto keep = [&](qint64 paused) {
        told.reset();
        std::vector<SpoolRequest> group;
        group.emplace_back(KeepCounters{{{"paused.mta", paused}}, [&](Result<void> kept) { told = std::move(kept); }});
        fixture.spool->carryOut(std::move(group));
    };
    fixture.faults->count = 0;
    fixture.faults->failAt = 1;
    keep(1);
    QVERIFY(fixture.faults->failed);
    QVERIFY(told.has_value());
    QVERIFY(!*told);
    fixture.faults->failAt = 0;
    keep(1);
    QVERIFY(told.has_value());
    QVERIFY(*told);
    fixture.powerCut();
    QVERIFY(fixture.open());
    QCOMPARE(fixture.spool->counters(), (std::map<QByteArray, qint64>{{"paused.mta", 1}}));
}

void TestSpool::tidiesItsLog() {
    SpoolFixture f;
    QVERIFY(f.open());
    for (int i = 0; i < 120; ++i)
        QVERIFY(f.store(makeMessage(f.spool->ids()->next(), QByteArray(30'000, 'x'))));
    QVERIFY(*f.disk.size("/spool/queue.db-wal") > 4'000'000);
    f.spool->tidy();
    QCOMPARE(*f.disk.size("/spool/queue.db-wal"), 0);
    f.powerCut();
    QVERIFY(f.open());
    QCOMPARE(loaded(f).size(), size_t(120));
}

void TestSpool::answersEveryRequestWhenShut() { // Q05: no spin, no hang, no crash; it works again when the disk does
    SpoolFixture f;
    QVERIFY(f.open());
    f.faults->mode = DiskFaults::Mode::FromThenOn;
    f.faults->failAt = f.faults->count + 1;
    for (int i = 1; i < 6; ++i) {
        QVERIFY(!f.store(makeMessage(MessageId(i), kSmall)));
        QVERIFY(!f.update({removal(envelope(MessageId(i), 1))}));
    }
    f.faults->failAt = 0;
    QVERIFY(f.store(makeMessage(9, kSmall)));
    QCOMPARE(loaded(f).size(), size_t(1));
}

QTEST_APPLESS_MAIN(TestSpool)
#include "tst_spool.moc"
