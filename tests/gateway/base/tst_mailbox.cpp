// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mailbox.h"

#include <QEventLoop>
#include <QTest>
#include <QThread>

#include <future>
#include <thread>

using namespace postern;

class TestMailbox : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void handsOverInOrder();
    void handlesOnItsOwnThread();
    void gathersWhatWaits();
    void takesFromManyThreads();
    void mayPostToItself();
    void dropsWhatComesTooLate();
    void dropsValuesThatPost();
    void carriesMoveOnlyValues();
};

void TestMailbox::handsOverInOrder() {
    std::vector<int> got;
    QEventLoop loop;
    Mailbox<int> mailbox([&](std::vector<int>&& batch) {
        got.insert(got.end(), batch.begin(), batch.end());
        if (got.size() == 1000)
            loop.quit();
    });
    std::thread sender([address = mailbox.address()] {
        for (int i = 0; i < 1000; ++i)
            address.post(i);
    });
    loop.exec();
    sender.join();
    for (int i = 0; i < 1000; ++i)
        QCOMPARE(got[size_t(i)], i);
}

void TestMailbox::handlesOnItsOwnThread() {
    QThread* handledOn = nullptr;
    std::promise<MailboxAddress<int>> ready;
    QThread* ownThread = nullptr;
    std::thread thread([&] {
        ownThread = QThread::currentThread();
        QEventLoop loop;
        Mailbox<int> mailbox([&](std::vector<int>&&) {
            handledOn = QThread::currentThread();
            loop.quit();
        });
        ready.set_value(mailbox.address());
        loop.exec();
    });
    const MailboxAddress<int> address = ready.get_future().get();
    address.post(1);
    thread.join();
    QVERIFY(handledOn && handledOn == ownThread && handledOn != QThread::currentThread());
    address.post(2); // outlived it: dropped
}

void TestMailbox::gathersWhatWaits() { // what makes group commit natural
    std::vector<size_t> batches;
    Mailbox<int> mailbox([&](std::vector<int>&& batch) { batches.push_back(batch.size()); });
    for (int i = 0; i < 5; ++i)
        mailbox.post(i);
    QCoreApplication::processEvents();
    mailbox.post(5);
    QCoreApplication::processEvents();
    QCoreApplication::processEvents();
    QCOMPARE(batches, (std::vector<size_t>{5, 1}));
}

void TestMailbox::takesFromManyThreads() {
    int got = 0;
    int last[4] = {-1, -1, -1, -1};
    bool inOrder = true;
    QEventLoop loop;
    Mailbox<std::pair<int, int>> mailbox([&](std::vector<std::pair<int, int>>&& batch) {
        for (const auto& [sender, number] : batch) {
            inOrder = inOrder && number == last[sender] + 1; // per sender
            last[sender] = number;
            ++got;
        }
        if (got == 4000)
            loop.quit();
    });
    std::vector<std::thread> senders;
    for (int s = 0; s < 4; ++s)
        senders.emplace_back([s, address = mailbox.address()] {
            for (int i = 0; i < 1000; ++i)
                address.post({s, i});
        });
    loop.exec();
    for (std::thread& sender : senders)
        sender.join();
    QCOMPARE(got, 4000);
    QVERIFY(inOrder);
}

void TestMailbox::mayPostToItself() {
    int handled = 0;
    MailboxAddress<int> self;
    QEventLoop loop;
    Mailbox<int> mailbox([&](std::vector<int>&& batch) {
        handled += int(batch.size());
        if (batch.back() > 0)
            self.post(batch.back() - 1);
        else
            loop.quit();
    });
    self = mailbox.address();
    self.post(10);
    loop.exec();
    QCOMPARE(handled, 11);
}

void TestMailbox::dropsWhatComesTooLate() {
    int handled = 0;
    MailboxAddress<int> address;
    {
        Mailbox<int> mailbox([&](std::vector<int>&&) { ++handled; });
        address = mailbox.address();
        address.post(1); // waiting when the mailbox goes
    }
    address.post(2);
    QCoreApplication::processEvents();
    QCOMPARE(handled, 0);
    MailboxAddress<int>().post(3); // of no mailbox at all
}

// A value whose end posts something (an answer that never came, say) must not meet a held lock.
void TestMailbox::dropsValuesThatPost() {
    MailboxAddress<std::shared_ptr<void>> address;
    bool ended = false;
    {
        Mailbox<std::shared_ptr<void>> mailbox([](std::vector<std::shared_ptr<void>>&&) {});
        address = mailbox.address();
        address.post(std::shared_ptr<void>(nullptr, [&](void*) {
            ended = true;
            address.post(nullptr);
        }));
    }
    QVERIFY(ended);
}

void TestMailbox::carriesMoveOnlyValues() {
    int got = 0;
    Mailbox<std::unique_ptr<int>> mailbox([&](std::vector<std::unique_ptr<int>>&& batch) { got = *batch[0]; });
    mailbox.post(std::make_unique<int>(9));
    QCoreApplication::processEvents();
    QCOMPARE(got, 9);
}

QTEST_GUILESS_MAIN(TestMailbox)
#include "tst_mailbox.moc"
