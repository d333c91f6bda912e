// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/message/save_message.h"

#include "window/link/content_fetch.h"
#include "window/words/file_name.h"
#include "window/words/safe_text.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QMessageBox>
#include <QPointer>
#include <QSaveFile>
#include <QStandardPaths>

#include <memory>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr qint64 kMostSaved = 64LL << 20; // octets; it is in memory meanwhile

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Save)
};

} // namespace

namespace {

QString fileNameOf(QString subject) {
    subject.replace(u'/', u'-').replace(u'\\', u'-');
    return safeFileName(subject.trimmed() + u".eml"_s, Words::tr("message") + u".eml"_s);
}

struct Saving {
    QPointer<QWidget> parent;
    GatewayLink* link;
    QString folder;
    QList<SavedMessage> left;
    int saved = 0;
};

void saveNext(const std::shared_ptr<Saving>& saving) {
    if (!saving->parent)
        return;
    if (saving->left.isEmpty()) {
        auto* box = new QMessageBox(QMessageBox::NoIcon, saving->parent->window()->windowTitle(),
                                    Words::tr("%n message(s) saved", nullptr, saving->saved), QMessageBox::Close, saving->parent);
        box->setObjectName(u"savedNotice"_s);
        box->setTextFormat(Qt::PlainText);
        box->setInformativeText(Words::tr("They lie in %1.").arg(leftToRight(safeLine(saving->folder))));
        box->setAttribute(Qt::WA_DeleteOnClose);
        box->open();
        return;
    }
    const SavedMessage message = saving->left.takeFirst();
    fetchContent(*saving->link, message.envelopeId, kMostSaved, saving->parent, [saving, message](const FetchedContent& content) {
        const QString trouble = !content.error.isEmpty() ? content.error
                                : content.isTruncated()  ? Words::tr("It is too large to be saved from here.")
                                                         : saveInto(saving->folder, message.subject, content.bytes);
        if (trouble.isEmpty()) {
            ++saving->saved;
            saveNext(saving);
            return;
        }
        tellTrouble(saving->parent, Words::tr("“%1” was not saved", "subject").arg(isolated(safeLine(message.subject, 100))),
                    trouble + u'\n' + Words::tr("%n message(s) saved before it", nullptr, saving->saved));
    });
}

} // namespace

QString saveInto(const QString& folder, const QString& subject, const QByteArray& bytes) {
    const QString name = fileNameOf(subject);
    const QFileInfo parts(name);
    for (int n = 1; n < 10'000; ++n) {
        const QString numbered = n == 1 ? name : u"%1 (%2).%3"_s.arg(parts.completeBaseName()).arg(n).arg(parts.suffix());
        QFile file(QDir(folder).filePath(numbered));
        if (!file.open(QIODevice::WriteOnly | QIODevice::NewOnly)) {
            if (file.exists())
                continue;
            return file.errorString();
        }
        if (file.write(bytes) == bytes.size() && file.flush())
            return {};
        const QString why = file.errorString();
        file.remove();
        return why;
    }
    return Words::tr("There are too many files of that name.");
}

void saveMessages(QWidget* parent, GatewayLink& link, const QList<SavedMessage>& messages) {
    if (messages.size() == 1)
        saveMessage(parent, link, messages.first().envelopeId, messages.first().subject);
    if (messages.size() <= 1)
        return;
    auto* dialog = new QFileDialog(parent, Words::tr("Save %n message(s) in a folder", nullptr, static_cast<int>(messages.size())));
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    dialog->setDirectory(QStandardPaths::writableLocation(QStandardPaths::DownloadLocation));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, [parent, &link, messages](const QString& folder) {
        saveNext(std::make_shared<Saving>(Saving{parent, &link, folder, messages, 0}));
    });
    dialog->open();
}

void tellTrouble(QWidget* parent, const QString& what, const QString& why) {
    auto* box = new QMessageBox(QMessageBox::Warning, parent->window()->windowTitle(), what, QMessageBox::Close, parent);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(why);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

void saveBytes(QWidget* parent, const QString& suggestion, const QString& fallback, const QByteArray& bytes) {
    auto* dialog = new QFileDialog(parent, Words::tr("Save as"));
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setFileMode(QFileDialog::AnyFile);
    dialog->setDirectory(QStandardPaths::writableLocation(QStandardPaths::DownloadLocation));
    dialog->selectFile(safeFileName(suggestion, fallback));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, [parent, bytes](const QString& path) {
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
            tellTrouble(parent, Words::tr("The file could not be saved"), file.errorString());
    });
    dialog->open();
}

void saveMessage(QWidget* parent, GatewayLink& link, const QString& envelopeId, const QString& subject) {
    fetchContent(link, envelopeId, kMostSaved, parent, [parent, subject](const FetchedContent& content) {
        if (!content.error.isEmpty() || content.isTruncated()) {
            tellTrouble(parent, Words::tr("The message could not be read"),
                        content.error.isEmpty() ? Words::tr("It is too large to be saved from here.") : content.error);
            return;
        }
        saveBytes(parent, fileNameOf(subject), Words::tr("message") + u".eml"_s, content.bytes);
    });
}

} // namespace postern::window
