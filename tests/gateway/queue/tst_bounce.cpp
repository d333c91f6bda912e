// SPDX-License-Identifier: GPL-3.0-or-later
//
// Notices are read back by a strict parser of our own (below), never compared with the program's output.
#include "queue/bounce.h"
#include "queue/failure_words.h"
#include "queue/mime_text.h"

#include <QTest>

using namespace postern;
using namespace postern::queue;

namespace {

using Fields = QList<std::pair<QByteArray, QByteArray>>; // lower-case name, unfolded value

// A header block, strictly: every line a field or its continuation, printable, at most 998 octets.
struct Block {
    Fields fields;
    QByteArray wrong;
    QByteArray value(const QByteArray& name) const {
        for (const auto& [n, v] : fields)
            if (n == name)
                return v;
        return {};
    }
    int count(const QByteArray& name) const {
        return int(std::count_if(fields.begin(), fields.end(), [&](const auto& f) { return f.first == name; }));
    }
};

Block parseBlock(const QByteArray& text) {
    Block block;
    qsizetype at = 0;
    while (at < text.size()) {
        const qsizetype end = text.indexOf("\r\n", at);
        if (end < 0)
            return {{}, "a line without end: " + text.mid(at)};
        const QByteArray line = text.mid(at, end - at);
        at = end + 2;
        if (line.size() > 998)
            return {{}, "a line of " + QByteArray::number(line.size())};
        for (const char c : line)
            if ((uchar(c) < 0x20 && c != '\t') || c == 0x7f)
                return {{}, "a control character in " + line};
        if (line.startsWith(' ') || line.startsWith('\t')) {
            if (block.fields.isEmpty() || line.trimmed().isEmpty())
                return {{}, "a stray continuation: " + line};
            block.fields.last().second += ' ' + line.trimmed();
            continue;
        }
        const qsizetype colon = line.indexOf(':');
        if (colon <= 0 || line.left(colon).contains(' '))
            return {{}, "not a field: " + line};
        block.fields.append({line.left(colon).toLower(), line.mid(colon + 1).trimmed()});
    }
    return block;
}

QByteArray unquote(const QByteArray& text) { // quoted-printable
    QByteArray out;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] != '=')
            out += text[i];
        else if (text.mid(i + 1, 2) == "\r\n")
            i += 2;
        else {
            out += QByteArray::fromHex(text.mid(i + 1, 2));
            i += 2;
        }
    }
    return out;
}

struct Part {
    Block header;
    QByteArray body; // decoded
};

struct Notice {
    Block header;
    QList<Part> parts;
    QByteArray wrong;
};

Notice parseNotice(const QByteArray& content) {
    Notice notice;
    const qsizetype end = content.indexOf("\r\n\r\n");
    notice.header = parseBlock(content.left(end + 2));
    if (!notice.header.wrong.isEmpty())
        return {{}, {}, notice.header.wrong};
    QByteArray without = content;
    if (without.replace("\r\n", "").contains('\n') || without.contains('\r'))
        return {{}, {}, "a lone CR or LF"};
    const QByteArray type = notice.header.value("content-type");
    const qsizetype from = type.indexOf("boundary=\"") + 10;
    const QByteArray boundary = type.mid(from, type.indexOf('"', from) - from);
    const QByteArray body = "\r\n" + content.mid(end + 4);
    if (body.count("--" + boundary) != 4 || !body.endsWith("\r\n--" + boundary + "--\r\n"))
        return {
            {}, {}, "boundary " + boundary + " found " + QByteArray::number(body.count("--" + boundary)) + " times"};
    qsizetype at = body.indexOf("\r\n--" + boundary + "\r\n") + boundary.size() + 6;
    while (true) {
        const qsizetype next = body.indexOf("\r\n--" + boundary, at);
        if (next < 0)
            break;
        const QByteArray raw = body.mid(at, next - at);
        at = next + boundary.size() + 6;
        const qsizetype split = raw.indexOf("\r\n\r\n");
        Part part{parseBlock(raw.left(split + 2)), raw.mid(split + 4)};
        if (!part.header.wrong.isEmpty())
            return {{}, {}, part.header.wrong};
        const QByteArray encoding = part.header.value("content-transfer-encoding");
        for (const QByteArray& line : part.body.split('\n'))
            if (line.size() > (encoding == "quoted-printable" ? 77 : 999))
                return {{}, {}, "a body line of " + QByteArray::number(line.size())};
        if (std::any_of(part.body.begin(), part.body.end(), [](char c) { return uchar(c) >= 0x80; }))
            return {{}, {}, "8-bit text in a part"};
        if (encoding == "quoted-printable")
            part.body = unquote(part.body);
        else if (encoding != "7bit")
            return {{}, {}, "encoding " + encoding};
        notice.parts.append(part);
    }
    if (notice.parts.size() != 3)
        notice.wrong = QByteArray::number(notice.parts.size()) + " parts";
    return notice;
}

// Blocks of a delivery-status body: the message's, then one per recipient.
QList<Block> statusBlocks(const QByteArray& body) {
    QList<Block> blocks;
    QByteArray rest = body;
    for (qsizetype end = rest.indexOf("\r\n\r\n"); end >= 0; end = rest.indexOf("\r\n\r\n")) {
        blocks.append(parseBlock(rest.left(end + 2)));
        rest = rest.mid(end + 4);
    }
    if (!rest.trimmed().isEmpty())
        blocks.append(parseBlock(rest));
    return blocks;
}

Failure failureOf(const QByteArray& words, int recipients = 1) {
    auto message = std::make_shared<Message>();
    message->id = 0x1234abcd;
    message->sender = "scanner@office.example";
    message->createdAt = 1'795'098'720; // Thu, 19 Nov 2026 14:32:00 UTC
    message->subject = "Scan 17";
    Failure failure{message, {}, false};
    for (int i = 0; i < recipients; ++i) {
        Envelope e;
        e.id = 0x1234abcd00000001ULL + EnvelopeId(i);
        e.recipient = e.destination = "r" + QByteArray::number(i) + "@example.net";
        e.lastError = words;
        e.lastTryAt = 1'795'102'320;
        failure.envelopes.push_back(e);
    }
    return failure;
}

const QByteArray kHeaders("Received: from x\r\n\tby y\r\nSubject: Scan 17\r\nMessage-ID: <abc@office.example>\r\n\r\n");
constexpr WallTime kNow{Seconds(1'795'102'321)};

std::optional<BounceText> makeBounce(const Failure& failure, const QByteArray& headers, const QByteArray& hostname, WallTime now) {
    return makeNotice(NoticeKind::Failed, failure, {headers, false}, hostname, now);
}

Message& messageOf(Failure& failure) {
    auto copy = std::make_shared<Message>(*failure.message);
    failure.message = copy;
    return *copy;
}

} // namespace

class TestBounce : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void isNotMade_data();
    void isNotMade();
    void namesOnlyWhoAsked();
    void hasTheStructure();
    void reportsEachRecipient();
    void givesTheStatus_data();
    void givesTheStatus();
    void survivesHostileText_data();
    void survivesHostileText();
    void staysSevenBit();
    void carriesInternationalAddresses();
    void cutsLongHeaders();
    void keepsTheDsnParameters();
    void asksForTheRightWord_data();
    void asksForTheRightWord();
    void Q14_nothingAnswersAReport();
    void delayIsNotToldToPrograms_data();
    void delayIsNotToldToPrograms();
    void tellsOfDelay();
    void tellsOfSuccess_data();
    void tellsOfSuccess();
    void returnsTheWholeMessage_data();
    void returnsTheWholeMessage();
    void foldsAndEncodes_data();
    void foldsAndEncodes();
};

void TestBounce::isNotMade_data() {
    QTest::addColumn<QByteArray>("sender");
    QTest::addColumn<bool>("isBounce");
    QTest::addColumn<QByteArray>("notify");
    QTest::addRow("Q14 RFC 5321 4.5.5 null sender") << QByteArray() << false << QByteArray();
    QTest::addRow("Q14 a bounce of ours") << QByteArray("a@b.example") << true << QByteArray();
    QTest::addRow("RFC 3461 4.1 NOTIFY=NEVER") << QByteArray("a@b.example") << false << QByteArray("NEVER");
    QTest::addRow("RFC 3461 4.1 NOTIFY=SUCCESS asks for no failures")
        << QByteArray("a@b.example") << false << QByteArray("SUCCESS");
    QTest::addRow("RFC 3461 4.1 NOTIFY=SUCCESS,DELAY")
        << QByteArray("a@b.example") << false << QByteArray("SUCCESS,DELAY");
}

void TestBounce::isNotMade() {
    QFETCH(QByteArray, sender);
    QFETCH(bool, isBounce);
    QFETCH(QByteArray, notify);
    Failure failure = failureOf("550 5.1.1 no such user");
    messageOf(failure).sender = sender;
    messageOf(failure).isBounce = isBounce;
    failure.envelopes[0].params.notify = notify;
    QVERIFY(!makeBounce(failure, kHeaders, "gate.example", kNow));
}

void TestBounce::namesOnlyWhoAsked() {
    Failure failure = failureOf("550 5.1.1 no such user", 3);
    failure.envelopes[1].params.notify = "NEVER";
    failure.envelopes[2].params.notify = "SUCCESS,FAILURE";
    const auto bounce = makeBounce(failure, kHeaders, "gate.example", kNow);
    QVERIFY(bounce);
    QVERIFY(bounce->content.contains("r0@example.net") && bounce->content.contains("r2@example.net"));
    QVERIFY(!bounce->content.contains("r1@example.net"));
}

void TestBounce::hasTheStructure() { // RFC 6522, RFC 3464 §2, RFC 3834 §5
    const auto bounce = makeBounce(failureOf("550 5.1.1 no such user"), kHeaders, "gate.example", kNow);
    QVERIFY(bounce);
    const Notice notice = parseNotice(bounce->content);
    QCOMPARE(notice.wrong, QByteArray());
    QVERIFY(notice.header.value("content-type").startsWith("multipart/report; report-type=delivery-status; boundary="));
    QCOMPARE(notice.header.value("auto-submitted"), QByteArray("auto-replied"));
    QCOMPARE(notice.header.value("to"), QByteArray("<scanner@office.example>"));
    QCOMPARE(notice.header.value("from"), QByteArray("Mail Delivery System <MAILER-DAEMON@gate.example>"));
    QCOMPARE(notice.header.value("subject"), bounce->subject);
    QCOMPARE(notice.header.value("date"), QByteArray("Thu, 19 Nov 2026 15:32:01 +0000"));
    QCOMPARE(notice.header.value("mime-version"), QByteArray("1.0"));
    QCOMPARE(notice.header.value("in-reply-to"), QByteArray("<abc@office.example>"));
    QVERIFY(notice.header.value("message-id").endsWith("@gate.example>"));
    for (const char* once : {"date", "from", "to", "subject", "message-id", "mime-version", "content-type"})
        QCOMPARE(notice.header.count(once), 1);
    QCOMPARE(notice.parts[0].header.value("content-type"), QByteArray("text/plain; charset=us-ascii"));
    QCOMPARE(notice.parts[1].header.value("content-type"), QByteArray("message/delivery-status"));
    QCOMPARE(notice.parts[2].header.value("content-type"), QByteArray("text/rfc822-headers"));
    QCOMPARE(notice.parts[2].body,
             QByteArray("Received: from x\r\n\tby y\r\nSubject: Scan 17\r\nMessage-ID: <abc@office.example>\r\n"));
    // The reason in plain words first, the peer's words last.
    const QByteArray& words = notice.parts[0].body;
    QVERIFY(words.indexOf("There is no mailbox with this address") > 0);
    QVERIFY(words.indexOf("550 5.1.1 no such user") > words.indexOf("There is no mailbox with this address"));
    QVERIFY(words.trimmed().endsWith("550 5.1.1 no such user"));
}

void TestBounce::reportsEachRecipient() {
    Failure failure = failureOf("550 5.1.1 no such user", 3);
    failure.envelopes[1].lastError = "mx.example.net [192.0.2.9]:25 said: 552 5.2.2 mailbox full (in reply to RCPT)";
    failure.envelopes[2].lastError = "no mail server of example.net takes connections";
    failure.envelopes[2].lastTryAt = 0;
    const Notice notice = parseNotice(makeBounce(failure, kHeaders, "gate.example", kNow)->content);
    QCOMPARE(notice.wrong, QByteArray());
    const auto blocks = statusBlocks(notice.parts[1].body);
    QCOMPARE(blocks.size(), 4);
    QCOMPARE(blocks[0].value("reporting-mta"), QByteArray("dns; gate.example"));
    QCOMPARE(blocks[0].value("arrival-date"), QByteArray("Thu, 19 Nov 2026 14:32:00 +0000"));
    for (int i = 1; i <= 3; ++i) {
        QCOMPARE(blocks[i].wrong, QByteArray());
        QCOMPARE(blocks[i].value("final-recipient"), "rfc822; r" + QByteArray::number(i - 1) + "@example.net");
        QCOMPARE(blocks[i].value("action"), QByteArray("failed"));
    }
    QCOMPARE(blocks[1].value("status"), QByteArray("5.1.1"));
    QCOMPARE(blocks[1].value("diagnostic-code"), QByteArray("smtp; 550 5.1.1 no such user"));
    QCOMPARE(blocks[1].value("last-attempt-date"), QByteArray("Thu, 19 Nov 2026 15:32:00 +0000"));
    QCOMPARE(blocks[2].value("status"), QByteArray("5.2.2"));
    QCOMPARE(blocks[2].value("diagnostic-code"), QByteArray("smtp; 552 5.2.2 mailbox full"));
    QCOMPARE(blocks[2].value("remote-mta"), QByteArray("dns; mx.example.net"));
    QVERIFY(notice.parts[0].body.contains("552 5.2.2 mailbox full"));
    QCOMPARE(blocks[3].value("status"), QByteArray("5.0.0"));
    QVERIFY(!blocks[3].value("diagnostic-code").startsWith("smtp;")); // nobody said it over SMTP
    QCOMPARE(blocks[3].count("last-attempt-date"), 0);
}

void TestBounce::givesTheStatus_data() {
    QTest::addColumn<QByteArray>("words");
    QTest::addColumn<bool>("expired");
    QTest::addColumn<QByteArray>("status");
    QTest::addRow("enhanced code of the peer")
        << QByteArray("550 5.7.26 unauthenticated") << false << QByteArray("5.7.26");
    QTest::addRow("the relay's words name the peer first")
        << QByteArray("mx.example.net [192.0.2.9]:25 said: 554 5.6.0 spam (in reply to DATA)") << false
        << QByteArray("5.6.0");
    QTest::addRow("no enhanced code") << QByteArray("554 go away") << false << QByteArray("5.0.0");
    QTest::addRow("552 without one means storage") << QByteArray("552 too much") << false << QByteArray("5.2.2");
    QTest::addRow("553 without one means the address") << QByteArray("553 what?") << false << QByteArray("5.1.3");
    QTest::addRow("a peer that says 4.x in a 5xx reply") << QByteArray("550 4.1.1 hm") << false << QByteArray("5.0.0");
    QTest::addRow("our own words with a code")
        << QByteArray("5.4.6 mail loops back to us") << false << QByteArray("5.4.6");
    QTest::addRow("our own words without a code") << QByteArray("something") << false << QByteArray("5.0.0");
    QTest::addRow("a number that is no code") << QByteArray("550 5.1 x") << false << QByteArray("5.0.0");
    QTest::addRow("a version number") << QByteArray("5.1.1.9 is our version") << false << QByteArray("5.0.0");
    QTest::addRow("expired after a temporary answer") << QByteArray("451 4.7.1 later") << true << QByteArray("5.4.7");
    QTest::addRow("expired untried") << QByteArray("Envelope expired") << true << QByteArray("5.4.7");
    QTest::addRow("nothing was said") << QByteArray() << false << QByteArray("5.0.0");
}

void TestBounce::givesTheStatus() {
    QFETCH(QByteArray, words);
    QFETCH(bool, expired);
    Failure failure = failureOf(words);
    failure.expired = expired;
    const Notice notice = parseNotice(makeBounce(failure, kHeaders, "gate.example", kNow)->content);
    QCOMPARE(notice.wrong, QByteArray());
    QTEST(statusBlocks(notice.parts[1].body)[1].value("status"), "status");
    if (expired)
        QVERIFY(notice.parts[0].body.contains("tried for 4 days"));
}

void TestBounce::survivesHostileText_data() {
    QTest::addColumn<QByteArray>("words");
    QTest::addColumn<QByteArray>("headers");
    const QByteArray good = kHeaders;
    QTest::addRow("line ends in the peer's words")
        << QByteArray("550 x\r\nBcc: victim@example.org\r\n\r\nhello") << good;
    QTest::addRow("NUL and escape in the peer's words") << QByteArray("550 a\0b\x1b[31m", 10) << good;
    QTest::addRow("endless word of the peer") << "550 " + QByteArray(5000, 'x') << good;
    QTest::addRow("UTF-8 in the peer's words") << QByteArray("550 5.1.1 kein Briefträger") << good;
    QTest::addRow("broken UTF-8 in the peer's words") << QByteArray("550 \xff\xfe") << good;
    QTest::addRow("original with a line of 5000 octets")
        << QByteArray("550 x") << "Subject: " + QByteArray(5000, 'y') + "\r\n\r\n";
    QTest::addRow("original with 8-bit fields") << QByteArray("550 x") << QByteArray("Subject: Gr\xfc\xdf" "e\r\n\r\n");
    QTest::addRow("original with a lone CR and a lone LF")
        << QByteArray("550 x") << QByteArray("Subject: a\rb\nc\r\n\r\n");
    QTest::addRow("original without header") << QByteArray("550 x") << QByteArray("\r\nbody\r\n");
    QTest::addRow("nothing known of the original") << QByteArray("550 x") << QByteArray();
    QTest::addRow("original cut in the middle of a field") << QByteArray("550 x") << QByteArray("Subject: abc");
    QTest::addRow("Message-ID that would inject")
        << QByteArray("550 x") << QByteArray("Message-ID: <a@b> <c@d>\r\n\r\n");
    QTest::addRow("original that imitates a boundary")
        << QByteArray("550 x") << QByteArray("Subject: --=_\r\n --=_00--\r\n\r\n");
}

void TestBounce::survivesHostileText() {
    QFETCH(QByteArray, words);
    QFETCH(QByteArray, headers);
    const auto bounce = makeBounce(failureOf(words), headers, "gate.example", kNow);
    QVERIFY(bounce);
    const Notice notice = parseNotice(bounce->content);
    QCOMPARE(notice.wrong, QByteArray());
    QVERIFY(!notice.parts[2].body.contains("body"));
    for (const Block& block : statusBlocks(notice.parts[1].body))
        QCOMPARE(block.wrong, QByteArray());
    QCOMPARE(statusBlocks(notice.parts[1].body).size(), 2);
    QCOMPARE(notice.header.count("bcc"), 0);
    QVERIFY(notice.header.count("in-reply-to") == (headers == kHeaders ? 1 : 0));
    if (headers.size() > 0 && headers != kHeaders && headers.endsWith("\r\n\r\n"))
        QCOMPARE(notice.parts[2].body, headers.chopped(2)); // nothing lost by the encoding
}

void TestBounce::staysSevenBit() {
    Failure failure = failureOf("550 5.1.1 kein Briefkasten für Müller");
    messageOf(failure).subject = "Prüfbericht";
    const auto bounce = makeBounce(failure, "Subject: Pr\xc3\xbc" "fbericht\r\n\r\n", "gate.example", kNow);
    QVERIFY(std::all_of(bounce->content.begin(), bounce->content.end(), [](char c) { return uchar(c) < 0x80; }));
    const Notice notice = parseNotice(bounce->content);
    QCOMPARE(notice.wrong, QByteArray());
    QCOMPARE(notice.parts[0].header.value("content-type"), QByteArray("text/plain; charset=utf-8"));
    QVERIFY(notice.parts[0].body.contains("Prüfbericht"));
    QVERIFY(notice.parts[0].body.contains("kein Briefkasten für Müller"));
}

void TestBounce::carriesInternationalAddresses() { // RFC 6533 §3
    Failure failure = failureOf("550 5.1.1 no");
    messageOf(failure).params.smtpUtf8 = true;
    failure.envelopes[0].recipient = failure.envelopes[0].destination = "jörg@exämple.net";
    const Notice notice = parseNotice(makeBounce(failure, "Subject: \xc3\xbc\r\n\r\n", "gate.example", kNow)->content);
    QCOMPARE(notice.wrong, QByteArray());
    QCOMPARE(statusBlocks(notice.parts[1].body)[1].value("final-recipient"),
             QByteArray("utf-8; j\\x{F6}rg@ex\\x{E4}mple.net"));
    QCOMPARE(notice.parts[2].header.value("content-type"), QByteArray("message/global-headers"));
}

void TestBounce::cutsLongHeaders() {
    QByteArray headers;
    for (int i = 0; headers.size() < 200'000; ++i)
        headers += "X-Field-" + QByteArray::number(i) + ": " + QByteArray(50, 'z') + "\r\n";
    const auto bounce = makeBounce(failureOf("550 x"), headers + "\r\n", "gate.example", kNow);
    const Notice notice = parseNotice(bounce->content);
    QCOMPARE(notice.wrong, QByteArray());
    QVERIFY(notice.parts[2].body.size() <= 64 * 1024);
    QVERIFY(notice.parts[2].body.size() > 63 * 1024);
    QCOMPARE(parseBlock(notice.parts[2].body).wrong, QByteArray()); // whole fields
}

void TestBounce::keepsTheDsnParameters() { // RFC 3464 §2.2.1, §2.3.1: decoded from xtext, case kept
    Failure failure = failureOf("550 5.1.1 no");
    messageOf(failure).params.envid = "QQ+2B314+20x";
    failure.envelopes[0].params.orcpt = "rfc822;Bob+2Btag@Example.NET";
    const Notice notice = parseNotice(makeBounce(failure, kHeaders, "gate.example", kNow)->content);
    const auto blocks = statusBlocks(notice.parts[1].body);
    QCOMPARE(blocks[0].value("original-envelope-id"), QByteArray("QQ+314 x"));
    QCOMPARE(blocks[1].value("original-recipient"), QByteArray("rfc822; Bob+tag@Example.NET"));
}

void TestBounce::asksForTheRightWord_data() { // RFC 3461 §4.1, the table of standards §8
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("notify");
    QTest::addColumn<bool>("made");
    const auto row = [](NoticeKind kind, const char* name, const char* notify, bool made) {
        QTest::addRow("%s, NOTIFY=%s", name, notify) << int(kind) << QByteArray(notify) << made;
    };
    for (const char* silent : {"NEVER", "SUCCESS", "SUCCESS,DELAY"})
        row(NoticeKind::Failed, "failed", silent, false);
    for (const char* wanted : {"", "FAILURE", "SUCCESS,FAILURE,DELAY"})
        row(NoticeKind::Failed, "failed", wanted, true);
    for (const char* silent : {"NEVER", "FAILURE", "SUCCESS,FAILURE"})
        row(NoticeKind::Delayed, "delayed", silent, false);
    for (const char* wanted : {"", "DELAY", "SUCCESS,DELAY"})
        row(NoticeKind::Delayed, "delayed", wanted, true);
    for (const char* silent : {"", "NEVER", "FAILURE", "FAILURE,DELAY"})
        row(NoticeKind::Relayed, "relayed", silent, false);
    for (const char* wanted : {"SUCCESS", "FAILURE,SUCCESS"})
        row(NoticeKind::Relayed, "relayed", wanted, true);
    for (const auto& [kind, name] : {std::pair{NoticeKind::Delivered, "delivered"}, {NoticeKind::Expanded, "expanded"}}) {
        row(kind, name, "", false);
        row(kind, name, "FAILURE,DELAY", false);
        row(kind, name, "SUCCESS", true);
    }
}

void TestBounce::asksForTheRightWord() {
    QFETCH(int, kind);
    QFETCH(QByteArray, notify);
    Failure failure = failureOf("450 4.2.0 later");
    failure.envelopes[0].params.notify = notify;
    QTEST(makeNotice(NoticeKind(kind), failure, {kHeaders, false}, "gate.example", kNow).has_value(), "made");
}

void TestBounce::Q14_nothingAnswersAReport() { // whatever its sender says
    const QByteArray headers = "Subject: x\r\nContent-Type: Multipart/Report;\r\n\treport-type=delivery-status; boundary=b\r\n\r\n";
    QVERIFY(!makeBounce(failureOf("550 5.1.1 no"), headers, "gate.example", kNow));
}

void TestBounce::delayIsNotToldToPrograms_data() { // RFC 3834 §2
    QTest::addColumn<QByteArray>("field");
    QTest::addColumn<bool>("told");
    QTest::newRow("a vacation answer") << QByteArray("Auto-Submitted: auto-replied") << false;
    QTest::newRow("a list") << QByteArray("List-Id: <dev.example>") << false;
    QTest::newRow("bulk") << QByteArray("Precedence: bulk") << false;
    QTest::newRow("a person") << QByteArray("Auto-Submitted: no") << true;
}

void TestBounce::delayIsNotToldToPrograms() {
    QFETCH(QByteArray, field);
    const QByteArray headers = "Subject: x\r\n" + field + "\r\n\r\n";
    const Failure failure = failureOf("451 4.7.1 later");
    QTEST(makeNotice(NoticeKind::Delayed, failure, {headers, false}, "gate.example", kNow).has_value(), "told");
    QVERIFY(makeBounce(failure, headers, "gate.example", kNow)); // what failed is told to everybody
}

void TestBounce::tellsOfDelay() { // RFC 3464 §2.3.3, §2.3.9
    Failure failure = failureOf("mx.example.net [192.0.2.9]:25 said: 451 4.7.1 greylisted (in reply to RCPT)");
    failure.envelopes[0].ttl = 86400;
    const auto notice = makeNotice(NoticeKind::Delayed, failure, {kHeaders, false}, "gate.example", kNow);
    QVERIFY(notice);
    const Notice read = parseNotice(notice->content);
    QCOMPARE(read.wrong, QByteArray());
    const Block block = statusBlocks(read.parts[1].body)[1];
    QCOMPARE(block.value("action"), QByteArray("delayed"));
    QCOMPARE(block.value("status"), QByteArray("4.7.1"));
    QCOMPARE(block.value("diagnostic-code"), QByteArray("smtp; 451 4.7.1 greylisted"));
    QCOMPARE(block.value("will-retry-until"), QByteArray("Fri, 20 Nov 2026 14:32:00 +0000")); // a day after it came
    QVERIFY(read.parts[0].body.contains("Fri, 20 Nov 2026 14:32:00 +0000"));
    QVERIFY(!read.parts[0].body.contains("could not be delivered"));
}

void TestBounce::tellsOfSuccess_data() { // RFC 3464 §2.3.3
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("action");
    QTest::newRow("handed on, RFC 3461 6.2.7.3") << int(NoticeKind::Relayed) << QByteArray("relayed");
    QTest::newRow("in a mailbox of this computer") << int(NoticeKind::Delivered) << QByteArray("delivered");
    QTest::newRow("an alias of several, RFC 3461 5.2.7.3") << int(NoticeKind::Expanded) << QByteArray("expanded");
}

void TestBounce::tellsOfSuccess() {
    QFETCH(int, kind);
    Failure failure = failureOf("451 4.7.1 an error of an earlier try");
    failure.envelopes[0].params.notify = "SUCCESS";
    failure.envelopes[0].params.orcpt = "rfc822;first@example.org";
    messageOf(failure).params.ret = smtp::DsnReturn::Full; // for failures only
    const auto notice = makeNotice(NoticeKind(kind), failure, {kHeaders + "body\r\n", true}, "gate.example", kNow);
    QVERIFY(notice);
    const Notice read = parseNotice(notice->content);
    QCOMPARE(read.wrong, QByteArray());
    const Block block = statusBlocks(read.parts[1].body)[1];
    QCOMPARE(block.value("original-recipient"), QByteArray("rfc822; first@example.org"));
    QTEST(block.value("action"), "action");
    QCOMPARE(block.value("status"), QByteArray("2.0.0"));
    QCOMPARE(block.count("diagnostic-code"), 0);
    QVERIFY(!notice->content.contains("earlier try"));
    QCOMPARE(read.parts[2].header.value("content-type"), QByteArray("text/rfc822-headers"));
}

void TestBounce::returnsTheWholeMessage_data() { // RFC 3461 §4.3, RFC 2046 §5.2.1, RFC 6533 §6.3
    QTest::addColumn<QByteArray>("original");
    QTest::addColumn<bool>("isWhole");
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<QByteArray>("encoding");
    const QByteArray head = "Subject: x\r\nMIME-Version: 1.0\r\n";
    QTest::newRow("only its beginning is at hand") << head + "\r\nbody\r\n" << false << QByteArray("text/rfc822-headers") << QByteArray("7bit");
    QTest::newRow("ASCII") << head + "\r\nbody\r\n" << true << QByteArray("message/rfc822") << QByteArray("7bit");
    QTest::newRow("an 8-bit body") << head + "\r\n\xc3\xbc\r\n" << true << QByteArray("message/rfc822") << QByteArray("8bit");
    QTest::newRow("an 8-bit body that no relay may code")
        << head + "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xbc\r\n--b--\r\n" << true
        << QByteArray("text/rfc822-headers") << QByteArray("7bit");
    QTest::newRow("an international header")
        << QByteArray("Subject: \xc3\xbc\r\n\r\n\xc3\xbc\r\n") << true << QByteArray("message/global") << QByteArray("base64");
    QTest::newRow("a header in no known charset")
        << QByteArray("Subject: \xfc\r\n\r\nx\r\n") << true << QByteArray("text/rfc822-headers") << QByteArray("quoted-printable");
}

void TestBounce::returnsTheWholeMessage() {
    QFETCH(QByteArray, original);
    QFETCH(bool, isWhole);
    QFETCH(QByteArray, type);
    QFETCH(QByteArray, encoding);
    Failure failure = failureOf("550 5.1.1 no");
    messageOf(failure).params.ret = smtp::DsnReturn::Full;
    const auto notice = makeNotice(NoticeKind::Failed, failure, {original, isWhole}, "gate.example", kNow);
    QVERIFY(notice);
    QCOMPARE(notice->hasEightBit, encoding == "8bit");
    const qsizetype at = notice->content.indexOf("Content-Type: " + type + "\r\n");
    QVERIFY(at > 0);
    const qsizetype body = notice->content.indexOf("\r\n\r\n", at) + 4;
    QVERIFY(notice->content.mid(at, body - at).contains("Content-Transfer-Encoding: " + encoding + "\r\n"));
    const QByteArray rest = notice->content.mid(body);
    if (type == "message/rfc822")
        QVERIFY(rest.startsWith(original + "\r\n--=_"));
    if (type == "message/global")
        QCOMPARE(QByteArray::fromBase64(rest.left(rest.indexOf("\r\n\r\n--=_"))), original);
    if (type == "text/rfc822-headers")
        QVERIFY(!rest.contains("body"));
}

void TestBounce::foldsAndEncodes_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addRow("empty") << QByteArray();
    QTest::addRow("trailing blanks") << QByteArray("a \r\nü\t\r\n");
    QTest::addRow("equal signs") << QByteArray("a=b=ü\r\n");
    QTest::addRow("a long line of umlauts") << QByteArray(QStringLiteral("ü").repeated(400).toUtf8() + "\r\n");
    QTest::addRow("every octet") << [] {
        QByteArray all;
        for (int i = 0; i < 256; ++i)
            all += char(i);
        return all + "\r\n";
    }();
}

void TestBounce::foldsAndEncodes() { // RFC 2045 §6.7: what comes out is what went in
    QFETCH(QByteArray, text);
    const MimeText encoded = mimeText(text);
    for (const QByteArray& line : encoded.bytes.split('\n')) {
        QVERIFY(line.size() <= 77);
        QVERIFY(!line.endsWith(" \r") && !line.endsWith("\t\r"));
    }
    QCOMPARE(encoded.encoding == "quoted-printable" ? unquote(encoded.bytes) : encoded.bytes, text);
}

QTEST_APPLESS_MAIN(TestBounce)
#include "tst_bounce.moc"
