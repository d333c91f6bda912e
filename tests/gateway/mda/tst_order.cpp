// SPDX-License-Identifier: GPL-3.0-or-later
//
// Orders, frames and reports survive the way, and nothing that is cut or bent is taken for one.
#include "mda/order.h"

#include <QTest>

using namespace postern::mda;

namespace {

Order fullOrder() {
    Order order;
    order.task = Task::Command;
    order.user = "ann";
    order.home = "/home/a:n,n";
    order.uid = 1000;
    order.gid = 100;
    order.path = "/x";
    order.command = "cat >\"$HOME\"/5:m,";
    order.environment = {"A=1", "B="};
    order.sender = "b@b.example";
    order.name = "1.P2.h";
    order.folder = "lists";
    order.junk = true;
    order.mayBeThere = true;
    order.timeLimitMs = 7;
    return order;
}

} // namespace

class TestOrder : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void anOrderThatIsCutIsNone() {
        const std::string whole = encode(fullOrder());
        QVERIFY(!decodeOrder(""));
        QVERIFY(!decodeOrder("x1:y,"));
        QVERIFY(!decodeOrder("t1:z,"));
        QVERIFY(!decodeOrder("i3:abc,"));
        QVERIFY(!decodeOrder(std::string("u3:a\0b,", 7)));
        QVERIFY(!decodeOrder("u99999999999999999999:a,"));
        for (size_t length = 1; length < whole.size(); ++length)
            if (const auto part = decodeOrder(std::string_view(whole).substr(0, length)))
                QCOMPARE(whole[length - 1], ','); // between two fields it can be none the wiser; frames keep it whole
    }
    void anOrderComesBack() {
        const Order before = fullOrder();
        const auto after = decodeOrder(encode(before));
        QVERIFY(after);
        QCOMPARE(after->task, before.task);
        QCOMPARE(after->user, before.user);
        QCOMPARE(after->home, before.home);
        QCOMPARE(after->uid, before.uid);
        QCOMPARE(after->gid, before.gid);
        QCOMPARE(after->path, before.path);
        QCOMPARE(after->command, before.command);
        QCOMPARE(after->environment, before.environment);
        QCOMPARE(after->sender, before.sender);
        QCOMPARE(after->name, before.name);
        QCOMPARE(after->folder, before.folder);
        QVERIFY(after->junk && after->mayBeThere);
        QCOMPARE(after->timeLimitMs, before.timeLimitMs);
    }
    void aReportThatIsCutIsNone() {
        const std::string whole = encode(Report{Ending::Exit, 75, "try later"});
        for (size_t length = 0; length < whole.size(); ++length)
            QVERIFY(!decodeReport(std::string_view(whole).substr(0, length)));
        QVERIFY(!decodeReport("q0 x\n"));
        const auto report = decodeReport(whole);
        QVERIFY(report);
        QCOMPARE(report->ending, Ending::Exit);
        QCOMPARE(report->number, 75);
        QCOMPARE(report->text, std::string("try later"));
    }
    void framesAtEveryCut() {
        const std::string stream = frame("one") + frame(std::string(300, 'x')) + frame("");
        for (size_t cut = 0; cut <= stream.size(); ++cut) {
            FrameReader reader;
            std::string piece;
            std::string all;
            FrameReader::What what = FrameReader::What::NeedMore;
            for (const auto part : {std::string_view(stream).substr(0, cut), std::string_view(stream).substr(cut)}) {
                reader.feed(part);
                while ((what = reader.next(piece)) == FrameReader::What::Piece)
                    all += piece + '|';
            }
            QCOMPARE(what, FrameReader::What::End);
            QCOMPARE(all, "one|" + std::string(300, 'x') + '|');
        }
    }
    void brokenFrames() {
        std::string piece;
        FrameReader tooLong;
        tooLong.feed(std::string("\x7f\0\0\0", 4));
        QCOMPARE(tooLong.next(piece), FrameReader::What::Broken);
        FrameReader behindTheEnd;
        behindTheEnd.feed(frame("") + "x");
        QCOMPARE(behindTheEnd.next(piece), FrameReader::What::Broken);
    }
};

QTEST_GUILESS_MAIN(TestOrder)
#include "tst_order.moc"
