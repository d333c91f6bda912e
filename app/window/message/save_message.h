// SPDX-License-Identifier: GPL-3.0-or-later
//
// Saves a message or a part of it where the person says; written whole or not at all, never opened.
// Thread: the GUI thread.
#pragma once

#include "window/link/gateway_link.h"

class QWidget;

namespace postern::window {

// Asks for a place, then writes `bytes`. `suggestion` is a stranger's and made safe here.
void saveBytes(QWidget* parent, const QString& suggestion, const QString& fallback, const QByteArray& bytes);

// Fetches the whole message of that envelope from the gateway, then as above, named after its subject, as .eml.
void saveMessage(QWidget* parent, GatewayLink& link, const QString& envelopeId, const QString& subject);

struct SavedMessage {
    QString envelopeId, subject;
};

// One as above; several into a folder that the person chooses, one after the other, never over a file that is there.
void saveMessages(QWidget* parent, GatewayLink& link, const QList<SavedMessage>& messages);

// Writes into `folder` under a name made from the subject; "" or why not.
QString saveInto(const QString& folder, const QString& subject, const QByteArray& bytes);

// A plain notice that something did not work, in the person's words and the gateway's.
void tellTrouble(QWidget* parent, const QString& what, const QString& why);

} // namespace postern::window
