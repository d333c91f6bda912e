// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/queue_rows.h"

#include "support/fake_clock.h"

#include <QTest>

using namespace postern;
using namespace postern::engine;
using namespace postern::queue;
using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

const RelayName kNoName = [](const Envelope&) { return QByteArray(); };

// Messages 1, 2, ... from oldest to newest; each envelope's state as given.
struct Books {
    FakeClock clock;
    Scheduler scheduler{clock, [](const Way& way) { return way.action; }};
    MessageId last = 0;

    void add(const std::vector<EnvelopeState>& states, const QByteArray& words = "hello") {
        QueuedMessage queued;
        queued.message.id = ++last;
        queued.message.sender = "me@office.example";
        queued.message.subject = words;
        queued.message.createdAt = clock.unixNow() - 1000 + last;
        quint32 low = 0;
        for (const EnvelopeState state : states) {
            Envelope envelope;
            envelope.id = (EnvelopeId(last) << 32) | ++low;
            envelope.recipient = envelope.destination = "a@far.example";
            envelope.state = state;
            envelope.lastError = words;
            queued.envelopes.push_back(envelope);
        }
        scheduler.add(std::move(queued));
    }
    // "00000001 00000002 / 2": the messages listed and the total told.
    QString list(const QJsonObject& args) const {
        const auto listing = Listing::ofPage(scheduler, args, 3);
        if (!listing)
            return QString::fromUtf8(listing.error().text);
        const QJsonObject value = listing->reply(kNoName).value.toObject();
        QStringList ids;
        for (const auto& row : value["rows"_L1].toArray())
            ids.append(row["message"_L1].toString().right(1));
        return ids.join(u' ') + u" / "_s + QString::number(value["total"_L1].toInt()) +
               (value.contains("next"_L1) ? u" ..."_s : QString());
    }
    // The envelopes named, two at a time, or the error.
    QString named(const QJsonObject& args) const {
        auto selection = Selection::from(scheduler, args);
        if (!selection)
            return u"error: "_s + QString::fromUtf8(selection.error().text);
        QStringList out;
        for (auto ids = selection->next(scheduler, 2); !ids.empty(); ids = selection->next(scheduler, 2))
            for (const EnvelopeId id : ids)
                out.append(QString::fromLatin1(toText(id)));
        return out.join(u' ');
    }
    QJsonValue told(const char* key, const QJsonObject& args = {}) const {
        return Listing::ofPage(scheduler, args, 3)->reply(kNoName).value.toObject()[QLatin1StringView(key)];
    }
};

} // namespace

class TestQueueRows : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void lists_data();
    void lists();
    void pagesThroughEverything();
    void selectsUpToWhatWasSeen();
    void leavesOutWhatComesWhileItIsRead();
    void showsOneMessageOrEnvelope();
    void tellsWhereMailEnds_data();
    void tellsWhereMailEnds();
    void refusesWhatIsNotThere_data();
    void refusesWhatIsNotThere();
    void findsEnvelopes_data();
    void findsEnvelopes();
    void tellsStatesAndTimes();
    void wordsFromOutsideAreHarmless();
    void Q16_asksForTheWordsThatAreNotInMemory();
};

void TestQueueRows::lists_data() {
    QTest::addColumn<QJsonObject>("args");
    QTest::addColumn<QString>("listed");
    QTest::addRow("a page, oldest first, and there is more") << QJsonObject{} << u"1 2 2 / 4 ..."_s;
    QTest::addRow("fewer") << QJsonObject{{u"most"_s, 2}} << u"1 2 / 4 ..."_s;
    QTest::addRow("more than a page holds") << QJsonObject{{u"most"_s, 99}} << u"1 2 2 / 4 ..."_s;
    QTest::addRow("behind all of them") << QJsonObject{{u"after"_s, u"99999999999.1"_s}} << u" / 4"_s;
    QTest::addRow("a negative number") << QJsonObject{{u"most"_s, -1}} << u" / 4"_s;
    QTest::addRow("no rows, only the total") << QJsonObject{{u"most"_s, 0}} << u" / 4"_s;
    QTest::addRow("those held") << QJsonObject{{u"state"_s, u"held"_s}} << u"2 / 1"_s;
    QTest::addRow("those caught, newest first") << QJsonObject{{u"state"_s, u"caught"_s}} << u"3 2 / 2"_s;
    QTest::addRow("a state that there is not")
        << QJsonObject{{u"state"_s, u"lost"_s}}
        << u"there is no state \"lost\"; known are waiting, sending, held, caught"_s;
    for (const QString& odd : {u"1"_s, u"."_s, u"a.b"_s, u"1.2.3"_s, u"1.-2"_s})
        QTest::addRow("a place that is none: %s", qPrintable(odd))
            << QJsonObject{{u"after"_s, odd}} << u"\"%1\" is no place in the queue"_s.arg(odd);
    QTest::addRow("arguments of the wrong kind")
        << QJsonObject{{u"most"_s, u"x"_s}, {u"after"_s, QJsonArray()}} << u"1 2 2 / 4 ..."_s;
}

void TestQueueRows::lists() {
    QFETCH(QJsonObject, args);
    Books books;
    books.add({EnvelopeState::Waiting});
    books.add({EnvelopeState::Held, EnvelopeState::Caught});
    books.add({EnvelopeState::Caught});
    QTEST(books.list(args), "listed");
}

void TestQueueRows::pagesThroughEverything() {
    Books books;
    for (int i = 0; i < 7; ++i)
        books.add({EnvelopeState::Waiting});
    QStringList pages;
    QJsonObject args;
    do {
        pages.append(books.list(args));
        args[u"after"_s] = books.told("next", args);
    } while (args["after"_L1].isString());
    QCOMPARE(pages.join(u"; "_s), u"1 2 3 / 7 ...; 4 5 6 / 7 ...; 7 / 7"_s);
}

// What arrived after somebody looked is not removed with what he saw.
void TestQueueRows::selectsUpToWhatWasSeen() {
    Books books;
    books.add({EnvelopeState::Caught});
    books.add({EnvelopeState::Caught});
    const QJsonValue seen = books.told("newest", {{u"state"_s, u"caught"_s}});
    books.add({EnvelopeState::Caught});
    books.add({EnvelopeState::Waiting});
    const QJsonObject args{{u"all"_s, true}, {u"state"_s, u"caught"_s}, {u"upTo"_s, seen}};
    QCOMPARE(books.named(args), u"0000000100000001 0000000200000001"_s);
}

void TestQueueRows::leavesOutWhatComesWhileItIsRead() {
    Books books;
    for (int i = 0; i < 3; ++i)
        books.add({EnvelopeState::Waiting});
    auto selection = Selection::from(books.scheduler, {{u"all"_s, true}});
    QVERIFY(selection);
    QCOMPARE(selection->next(books.scheduler, 2).size(), size_t(2));
    books.add({EnvelopeState::Waiting});
    QCOMPARE(selection->next(books.scheduler, 2).size(), size_t(1));
    QVERIFY(selection->next(books.scheduler, 2).empty());
}

void TestQueueRows::showsOneMessageOrEnvelope() {
    Books books;
    books.add({EnvelopeState::Waiting, EnvelopeState::Held});
    const auto rows = [&books](const QString& id) {
        return Listing::ofId(books.scheduler, id)->reply(kNoName).value.toObject()["rows"_L1].toArray().size();
    };
    QCOMPARE(rows(u"00000001"_s), 2);
    QCOMPARE(rows(u"0000000100000002"_s), 1);
}

void TestQueueRows::refusesWhatIsNotThere_data() {
    QTest::addColumn<QString>("id");
    for (const char* id :
         {"", "00000002", "0000000100000009", "0", "zzzzzzzz", "0000000100000001x", "../../etc", "00000000"})
        QTest::addRow("\"%s\"", id) << QString::fromLatin1(id);
    QTest::addRow("beyond ASCII") << u"größe"_s;
    QTest::addRow("very long") << QString(100'000, u'a');
}

void TestQueueRows::refusesWhatIsNotThere() {
    QFETCH(QString, id);
    Books books;
    books.add({EnvelopeState::Waiting});
    const auto listing = Listing::ofId(books.scheduler, id);
    QVERIFY(!listing);
    QVERIFY(!listing.error().text.isEmpty());
    QVERIFY2(listing.error().text.size() < 200, "an answer repeats at most a little of what it was asked");
}

void TestQueueRows::findsEnvelopes_data() {
    QTest::addColumn<QJsonObject>("args");
    QTest::addColumn<QString>("named");
    const auto ids = [](const QJsonArray& array) { return QJsonObject{{u"ids"_s, array}}; };
    QTest::addRow("all") << QJsonObject{{u"all"_s, true}} << u"0000000100000001 0000000200000001 0000000200000002"_s;
    QTest::addRow("all in a state") << QJsonObject{{u"all"_s, true}, {u"state"_s, u"held"_s}} << u"0000000200000002"_s;
    QTest::addRow("all in a state that there is not")
        << QJsonObject{{u"all"_s, true}, {u"state"_s, u"gone"_s}}
        << u"error: there is no state \"gone\"; known are waiting, sending, held, caught"_s;
    QTest::addRow("a message is all its envelopes") << ids({u"00000002"_s}) << u"0000000200000001 0000000200000002"_s;
    QTest::addRow("an envelope") << ids({u"0000000200000002"_s}) << u"0000000200000002"_s;
    QTest::addRow("no words") << QJsonObject{} << u"error: none of these ids is in the queue"_s;
    QTest::addRow("all: false") << QJsonObject{{u"all"_s, false}} << u"error: none of these ids is in the queue"_s;
    QTest::addRow("a message that is gone") << ids({u"00000009"_s}) << u"error: none of these ids is in the queue"_s;
    QTest::addRow("no id") << ids({u"00000001"_s, u"me\n"_s})
                           << u"error: \"me\\x0a\" is not a message or envelope id"_s;
    QTest::addRow("no text") << ids({7}) << u"error: \"\" is not a message or envelope id"_s;
}

void TestQueueRows::findsEnvelopes() {
    QFETCH(QJsonObject, args);
    Books books;
    books.add({EnvelopeState::Waiting});
    books.add({EnvelopeState::Waiting, EnvelopeState::Held});
    QTEST(books.named(args), "named");
}

void TestQueueRows::tellsStatesAndTimes() {
    Books books;
    books.add({EnvelopeState::Waiting});
    QCOMPARE(books.scheduler.due().size(), size_t(1)); // now it is being sent
    books.add({EnvelopeState::Held});
    const auto row = [&books](MessageId id) { return toRow(books.scheduler.rowsOf(id).front(), kNoName); };
    QCOMPARE(row(1).state, u"sending"_s);
    QCOMPARE(row(1).expiresAt, row(1).createdAt + 4 * 86400);
    QCOMPARE(row(2).state, u"held"_s);
    QCOMPARE(row(2).nextTryAt, 0); // no tries, no expiry
    QCOMPARE(row(2).expiresAt, 0);
}

void TestQueueRows::wordsFromOutsideAreHarmless() {
    Books books;
    books.add({EnvelopeState::Waiting}, "red \x1b[31m\r\n|");
    const control::QueueRow row = toRow(books.scheduler.rowsOf(1).front(), kNoName);
    QCOMPARE(row.subject, u"red \\x1b[31m\\x0d\\x0a|"_s);
    QCOMPARE(row.lastError, row.subject);
}

void TestQueueRows::Q16_asksForTheWordsThatAreNotInMemory() {
    Books books;
    books.add({EnvelopeState::Waiting}); // new: in memory
    books.add({EnvelopeState::Held, EnvelopeState::Held});
    books.add({EnvelopeState::Held});
    books.add({EnvelopeState::Held});
    auto listing = Listing::ofPage(books.scheduler, {}, 500);
    QVERIFY(listing);
    QCOMPARE(listing->missing(), (std::vector<MessageId>{2, 3, 4}));
    QueuedMessage second;
    second.message.id = 2;
    second.message.subject = "Scan";
    second.message.size = 4096;
    second.envelopes.resize(1); // the other one has left meanwhile
    second.envelopes[0].id = (EnvelopeId(2) << 32) | 1;
    second.envelopes[0].recipient = "a@far.example";
    second.envelopes[0].tries = 99; // the scheduler knows better
    listing->supply({2, 3, 4}, {second, Error{ErrorCode::NotFound, "gone"}, Error{ErrorCode::Io, "the disk is away"}});
    const QJsonArray rows = listing->reply(kNoName).value.toObject()["rows"_L1].toArray();
    QCOMPARE(rows.size(), 3); // new, the second's first, and what could not be read
    const auto row = [&rows](int i) { return control::QueueRow::fromJson(rows[i].toObject()); };
    QCOMPARE(row(0).subject, u"hello"_s);
    QCOMPARE(row(1).subject, u"Scan"_s);
    QCOMPARE(row(1).recipient, u"a@far.example"_s);
    QCOMPARE(row(1).state, u"held"_s);
    QCOMPARE(row(1).size, 4096);
    QCOMPARE(row(1).tries, 0);
    QCOMPARE(row(2).id, u"0000000400000001"_s);
    QCOMPARE(row(2).state, u"held"_s);
    QCOMPARE(row(2).createdAt, books.clock.unixNow() - 1000 + 4);
    QCOMPARE(row(2).lastError, u"the disk is away"_s);
    QCOMPARE(listing->reply(kNoName).value.toObject()["total"_L1].toInt(), 5);
}

void TestQueueRows::tellsWhereMailEnds_data() {
    QTest::addColumn<QByteArray>("local"); // method|target|user, "" = relayed
    QTest::addColumn<QString>("expected"); // method|account|relay
    QTest::newRow("relayed") << QByteArray() << u"relay||mx.example"_s;
    QTest::newRow("a user's maildir") << QByteArray("maildir||ann") << u"maildir|ann|maildir of ann"_s;
    QTest::newRow("a command of an alias") << QByteArray("mda|/bin/list -x|") << u"mda||mda /bin/list -x"_s;
    QTest::newRow("a command of a .forward file") << QByteArray("mda|/bin/v|ann") << u"mda|ann|mda /bin/v"_s;
}

void TestQueueRows::tellsWhereMailEnds() {
    QFETCH(QByteArray, local);
    Scheduler::Row row;
    Message message;
    row.message = std::make_shared<const Message>(message);
    row.envelope.recipient = "team@office.example";
    row.envelope.destination = "ann@office.example";
    if (!local.isEmpty()) {
        const QByteArrayList parts = local.split('|');
        row.envelope.local = std::make_shared<const LocalEnd>(LocalEnd{parts[0], parts[1], parts[2], 1000, 1000, "/home/ann"});
    }
    const control::QueueRow told = toRow(row, [](const Envelope&) { return QByteArray("mx.example"); });
    QTEST(told.method + u'|' + told.account + u'|' + told.relay, "expected");
    QCOMPARE(told.destination, u"ann@office.example"_s);
    QCOMPARE(told.isHere(), !local.isEmpty());
    const control::QueueRow again = control::QueueRow::fromJson(told.toJson());
    QCOMPARE(again.method + again.account + again.destination, told.method + told.account + told.destination);
}

QTEST_GUILESS_MAIN(TestQueueRows)
#include "tst_queue_rows.moc"
