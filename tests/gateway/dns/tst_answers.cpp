// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is made of record data, honest or not.
#include "dns/answers.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::dns;

namespace {

QByteArray wire(const QByteArrayList& labels) {
    QByteArray record;
    for (const QByteArray& label : labels)
        record += char(label.size()) + label;
    return record + '\0';
}

QByteArray mxRecord(int preference, const QByteArray& wireHost) {
    return QByteArray(1, char(preference >> 8)) + char(preference & 0xff) + wireHost;
}

RawAnswer found(const QByteArrayList& records) {
    return {Outcome::Found, records, {}};
}

const char* name(Outcome outcome) {
    switch (outcome) {
    case Outcome::Found: return "found";
    case Outcome::NoData: return "no data";
    case Outcome::NoSuchName: return "no such name";
    case Outcome::Failed: return "failed";
    }
    return "?";
}

} // namespace

class TestAnswers : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void wireNames_data() {
        QTest::addColumn<QByteArray>("record");
        QTest::addColumn<QByteArray>("name"); // "!" = refused
        QTest::addRow("D04 empty record") << ""_ba << "!"_ba;
        QTest::addRow("D04 no final root") << "\3one"_ba << "!"_ba;
        QTest::addRow("D04 label longer than the record") << "\7one"_ba << "!"_ba;
        QTest::addRow("D04 label of 64 octets") << wire({QByteArray(64, 'a')}) << "!"_ba;
        QTest::addRow("label of 63 octets") << wire({QByteArray(63, 'a')}) << QByteArray(63, 'a');
        QTest::addRow("D04 compression pointer") << QByteArray("\xc0\x0c", 2) << "!"_ba;
        QTest::addRow("D04 octets behind the root") << wire({"one"}) + "x" << "!"_ba;
        QTest::addRow("D04 name of 255 octets of labels")
            << wire({QByteArray(63, 'a'), QByteArray(63, 'b'), QByteArray(63, 'c'), QByteArray(63, 'd')}) << "!"_ba;
        QTest::addRow("D04 NUL in a label") << wire({QByteArray("a\0b", 3), "example"}) << "!"_ba;
        QTest::addRow("D04 newline in a label") << wire({"a\nb", "example"}) << "!"_ba;
        QTest::addRow("D08 CR in a label") << wire({"a\r", "example"}) << "!"_ba;
        QTest::addRow("D08 space in a label") << wire({"a b", "example"}) << "!"_ba;
        QTest::addRow("D08 eight-bit label") << wire({"\xc3\xa4", "example"}) << "!"_ba;
        QTest::addRow("dot inside a label") << wire({"a.b", "example"}) << "!"_ba;
        QTest::addRow("a host") << wire({"mx", "one", "example"}) << "mx.one.example"_ba;
        QTest::addRow("underscore and digits") << wire({"_a-1", "example"}) << "_a-1.example"_ba;
        QTest::addRow("the root") << wire({}) << ""_ba;
    }
    void wireNames() {
        QFETCH(QByteArray, record);
        QTEST(wireName(record, 0).value_or("!"), "name");
    }

    void askableNames_data() {
        QTest::addColumn<QByteArray>("given");
        QTest::addColumn<QByteArray>("asked"); // "!" = cannot be asked
        QTest::addRow("empty") << ""_ba << "!"_ba;
        QTest::addRow("only a dot") << "."_ba << "!"_ba;
        QTest::addRow("two dots") << "one..example"_ba << "!"_ba;
        QTest::addRow("leading dot") << ".one.example"_ba << "!"_ba;
        QTest::addRow("backslash escape") << "one\\046example"_ba << "!"_ba;
        QTest::addRow("space") << "one example"_ba << "!"_ba;
        QTest::addRow("NUL") << QByteArray("one\0.example", 12) << "!"_ba;
        QTest::addRow("254 octets") << QByteArray("a.").repeated(126) + "ab" << "!"_ba;
        QTest::addRow("253 octets") << QByteArray("a.").repeated(126) + "a" << QByteArray("a.").repeated(126) + "a";
        QTest::addRow("case and final dot") << "One.EXAMPLE."_ba << "one.example"_ba;
        QTest::addRow("international") << "b\xc3\xbc" "cher.example"_ba << "xn--bcher-kva.example"_ba;
        QTest::addRow("broken UTF-8") << "b\xff.example"_ba << "!"_ba;
    }
    void askableNames() {
        QFETCH(QByteArray, given);
        QTEST(askableName(given).value_or("!"), "asked");
    }

    void literals_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("address"); // "!" = a name
        QTest::addRow("name") << "mx.one.example"_ba << "!"_ba;
        QTest::addRow("number") << "10"_ba << "!"_ba;
        QTest::addRow("short form") << "10.1"_ba << "!"_ba;
        QTest::addRow("octet too large") << "192.0.2.256"_ba << "!"_ba;
        QTest::addRow("IPv4") << "192.0.2.1"_ba << "192.0.2.1"_ba;
        QTest::addRow("in brackets") << "[192.0.2.1]"_ba << "192.0.2.1"_ba;
        QTest::addRow("IPv6") << "2001:DB8:0::1"_ba << "2001:db8::1"_ba;
        QTest::addRow("IPv6 as in mail") << "[IPv6:2001:db8::1]"_ba << "2001:db8::1"_ba;
    }
    void literals() {
        QFETCH(QByteArray, text);
        QTEST(addressLiteral(text).value_or("!"), "address");
    }

    void reverseNames() {
        QCOMPARE(reverseName("192.0.2.17"), "17.2.0.192.in-addr.arpa");
        QCOMPARE(reverseName("2001:db8::567:89ab"),
                 "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"); // RFC 3596 §2.5's form
        QCOMPARE(reverseName("one.example"), "");
    }

    void mailServers_data() {
        QTest::addColumn<QByteArrayList>("records");
        QTest::addColumn<QByteArray>("outcome");
        QTest::addColumn<QByteArray>("hosts");
        const QByteArray a = wire({"a", "example"}), b = wire({"b", "example"}), root = wire({});
        using List = QByteArrayList;
        QTest::addRow("by preference, equals as they came") << List{mxRecord(20, a), mxRecord(5, b), mxRecord(20, b)}
                                                            << "found"_ba << "5 b.example, 20 a.example, 20 b.example"_ba;
        QTest::addRow("preference above 255") << List{mxRecord(0x1234, a)} << "found"_ba << "4660 a.example"_ba;
        QTest::addRow("D03 null MX") << List{mxRecord(0, root)} << "found"_ba << "0 "_ba;
        QTest::addRow("D03 null MX among others") << List{mxRecord(0, root), mxRecord(10, a)} << "found"_ba
                                                  << "0 , 10 a.example"_ba;
        QTest::addRow("D04 a bad one among good ones") << List{mxRecord(1, wire({"x y"})), mxRecord(10, a)} << "found"_ba
                                                       << "10 a.example"_ba;
        QTest::addRow("D04 only bad ones: ask later") << List{mxRecord(1, wire({"x y"})), "\1"} << "failed"_ba << ""_ba;
    }
    void mailServers() {
        QFETCH(QByteArrayList, records);
        const MxAnswer answer = toMx(found(records));
        QByteArrayList hosts;
        for (const MxHost& host : answer.hosts)
            hosts.append(QByteArray::number(host.preference) + ' ' + host.name);
        QTEST(QByteArray(name(answer.outcome)), "outcome");
        QTEST(hosts.join(", "), "hosts");
    }

    void d04ManyMailServersAreCapped() {
        QByteArrayList records;
        for (int i = 0; i < 1000; ++i)
            records.append(mxRecord(1000 - i, wire({"mx" + QByteArray::number(i), "example"})));
        const MxAnswer answer = toMx(found(records));
        QCOMPARE(answer.hosts.size(), size_t(100));
        QCOMPARE(answer.hosts.front().preference, 1); // the best hundred, not the first
    }

    void noMailServersStayApart_data() {
        QTest::addColumn<int>("outcome");
        for (const Outcome outcome : {Outcome::NoData, Outcome::NoSuchName, Outcome::Failed})
            QTest::addRow("D02 %s", name(outcome)) << int(outcome);
    }
    void noMailServersStayApart() {
        QFETCH(int, outcome);
        const RawAnswer raw{Outcome(outcome), {}, "why"};
        QCOMPARE(name(toMx(raw).outcome), name(Outcome(outcome)));
        QCOMPARE(toMx(raw).text, "why");
    }

    void addressesOfBothFamilies_data() {
        QTest::addColumn<QByteArray>("v4"); // one letter an address, or the outcome
        QTest::addColumn<QByteArray>("v6");
        QTest::addColumn<QByteArray>("result");
        QTest::addRow("mixed, IPv4 first") << "abc"_ba << "de"_ba
                                           << "found 192.0.2.97 2001:db8::64 192.0.2.98 2001:db8::65 192.0.2.99"_ba;
        QTest::addRow("IPv6 only") << "no data"_ba << "d"_ba << "found 2001:db8::64"_ba;
        QTest::addRow("twice the same") << "aa"_ba << "no data"_ba << "found 192.0.2.97"_ba;
        QTest::addRow("D01 one family fails, the other is there") << "a"_ba << "failed"_ba << "found 192.0.2.97"_ba;
        QTest::addRow("D01 one family fails, the other is empty") << "no data"_ba << "failed"_ba << "failed"_ba;
        QTest::addRow("D01 one fails, one says no such name") << "failed"_ba << "no such name"_ba << "failed"_ba;
        QTest::addRow("D02 neither has data") << "no data"_ba << "no data"_ba << "no data"_ba;
        QTest::addRow("D02 no such name") << "no such name"_ba << "no such name"_ba << "no such name"_ba;
        QTest::addRow("D02 they contradict each other") << "no such name"_ba << "no data"_ba << "no data"_ba;
    }
    void addressesOfBothFamilies() {
        const auto raw = [](const QByteArray& text, bool v6) {
            for (const Outcome outcome : {Outcome::NoData, Outcome::NoSuchName, Outcome::Failed})
                if (text == name(outcome))
                    return RawAnswer{outcome, {}, {}};
            RawAnswer answer{Outcome::Found, {}, {}};
            for (const char c : text)
                answer.records.append((v6 ? QByteArray::fromHex("20010db80000000000000000000000") : "\xc0\0\2"_ba) + c);
            return answer;
        };
        QFETCH(QByteArray, v4);
        QFETCH(QByteArray, v6);
        const AddressAnswer answer = toAddresses(raw(v4, false), raw(v6, true));
        QTEST(QByteArrayList(QByteArrayList{name(answer.outcome)} + answer.addresses).join(' '), "result");
    }

    void d04AddressesOfTheWrongLengthAreLeftOut() {
        const AddressAnswer answer = toAddresses(found({"abc", "abcde", ""}), found({"abcd"}));
        QVERIFY(answer.outcome == Outcome::NoData);
    }

    void d04ManyAddressesAreCapped() {
        QByteArrayList records;
        for (int i = 0; i < 250; ++i)
            records.append("\xc0\0\2"_ba + char(i));
        QCOMPARE(toAddresses(found(records), found({})).addresses.size(), 16);
    }

    void d08ReverseNames() {
        QCOMPARE(toName(found({wire({"scanner", "One", "example"})})).name, "scanner.one.example");
        const NameAnswer hostile = toName(found({wire({"a\r\nMAIL"}), wire({})}));
        QVERIFY(hostile.outcome == Outcome::NoData);
        QCOMPARE(hostile.name, "");
        QCOMPARE(toName(found({wire({"a b"}), wire({"good", "example"})})).name, "good.example");
    }
};

QTEST_GUILESS_MAIN(TestAnswers)
#include "tst_answers.moc"
