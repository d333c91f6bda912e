// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/link/content_fetch.h"

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

struct Fetch {
    QPointer<GatewayLink> link;
    QString id;
    qint64 most;
    QPointer<QObject> receiver;
    std::function<void(const FetchedContent&)> done;
    FetchedContent content;
};

void askNext(const std::shared_ptr<Fetch>& fetch) {
    if (!fetch->link || !fetch->receiver)
        return;
    const QJsonObject args{{u"id"_s, fetch->id},
                           {u"offset"_s, fetch->content.bytes.size()},
                           {u"most"_s, fetch->most - fetch->content.bytes.size()}};
    fetch->link->ask("queue.content"_ba, args, fetch->receiver, [fetch](const control::Reply& reply) {
        FetchedContent& content = fetch->content;
        if (!reply.ok) {
            fetch->done({{}, 0, reply.error});
            return;
        }
        const QJsonObject value = reply.value.toObject();
        const QByteArray piece = QByteArray::fromBase64(value[u"content"_s].toString().toLatin1());
        content.bytes += piece;
        content.size = value[u"size"_s].toInteger();
        if (piece.isEmpty() || !content.isTruncated() || content.bytes.size() >= fetch->most)
            fetch->done(content);
        else
            askNext(fetch);
    });
}

} // namespace

void fetchContent(GatewayLink& link, const QString& id, qint64 most, QObject* receiver,
                  std::function<void(const FetchedContent&)> done) {
    askNext(std::make_shared<Fetch>(Fetch{&link, id, most, receiver, std::move(done), {}}));
}

} // namespace postern::window
