// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/caught/caught_page.h"

#include "window/caught/mail_reader.h"
#include "window/link/content_fetch.h"
#include "window/link/gateway_link.h"
#include "window/message/save_message.h"
#include "window/overview/status_words.h"
#include "window/queue/pending_removal.h"
#include "window/queue/queue_loader.h"
#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/widgets/action_button.h"
#include "window/widgets/buttons.h"
#include "window/widgets/labels.h"
#include "window/widgets/undo_bar.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QAction>
#include <QLineEdit>
#include <QListView>
#include <QMessageBox>
#include <QPainter>
#include <QSplitter>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

class CaughtDelegate final : public QStyledItemDelegate {
  public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
        return {200, std::max(50, 2 * option.fontMetrics.height() + 14)};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const Roles& r = theme::roles();
        const QRect all = option.rect;
        const bool isSelected = option.state.testFlag(QStyle::State_Selected);
        const auto placed = [&](const QRect& rect) { return QStyle::visualRect(option.direction, all, rect); };
        const auto leading = static_cast<int>(QStyle::visualAlignment(option.direction, Qt::AlignLeft) | Qt::AlignVCenter);
        const auto trailing = static_cast<int>(QStyle::visualAlignment(option.direction, Qt::AlignRight) | Qt::AlignVCenter);
        painter->save();
        if (isSelected)
            painter->fillRect(all, r.selection);
        painter->fillRect(QRect(all.left(), all.bottom(), all.width(), 1), r.lineSoft);
        if (option.state.testFlag(QStyle::State_HasFocus)) {
            painter->setPen(QPen(r.accentLine, 2));
            painter->drawRect(all.adjusted(1, 1, -1, -1));
        }
        const QColor strong = isSelected ? r.selectionText : r.text;
        const QColor dim = isSelected && r.highContrast ? r.selectionText : r.textDim;
        const int line = option.fontMetrics.height();
        const int top = all.top() + (all.height() - 2 * line - 2) / 2;
        const int start = all.left() + 20;
        const int end = all.right() - 12;
        const QString time = index.data(CaughtModel::TimeRole).toString();
        const int timeWidth = option.fontMetrics.horizontalAdvance(time);
        painter->setFont(option.font);
        painter->setPen(dim);
        painter->drawText(placed(QRect(end - timeWidth, top, timeWidth + 1, line)), trailing, time);
        const QString from = CaughtModel::tr("%1 to %2", "sender, recipients")
                                 .arg(index.data(CaughtModel::FromRole).toString(), index.data(CaughtModel::ToRole).toString());
        painter->drawText(placed(QRect(start, top + line + 2, end - start, line)), leading,
                          option.fontMetrics.elidedText(from, Qt::ElideRight, end - start));
        const QFont bold = theme::sectionFont();
        painter->setFont(bold);
        painter->setPen(strong);
        const int room = end - start - timeWidth - 12;
        painter->drawText(placed(QRect(start, top, room, line)), leading,
                          QFontMetrics(bold).elidedText(index.data(CaughtModel::SubjectRole).toString(), Qt::ElideRight, room));
        painter->restore();
    }
};

} // namespace

CaughtPage::CaughtPage(GatewayLink& link, QWidget* parent) : Page(parent), m_link(link) {
    setObjectName(u"caughtPage"_s);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    m_model = new CaughtModel(this);
    m_loader = new QueueLoader(link, {u"caught"_s}, this);
    m_removal = new PendingRemoval(link, this);
    makeActions();

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 14, 0, 0);
    column->setSpacing(0);
    auto* top = new QVBoxLayout;
    top->setContentsMargins(20, 0, 20, 10);
    top->setSpacing(10);
    m_header = new PageHeader(tr("Caught mail"));
    top->addWidget(m_header);
    m_tools = new QWidget;
    auto* tools = new QHBoxLayout(m_tools);
    tools->setContentsMargins(0, 0, 0, 0);
    tools->setSpacing(7);
    for (QAction* action : {m_save, m_remove, m_removeAll, m_open})
        tools->addWidget(new ActionButton(action));
    tools->addStretch(1);
    m_filter = new QLineEdit;
    m_filter->setObjectName(u"caughtFilter"_s);
    m_filter->setPlaceholderText(tr("Filter…"));
    m_filter->setAccessibleName(tr("Filter caught mail"));
    m_filter->addAction(lineIcon(u"filter"_s), QLineEdit::LeadingPosition);
    m_filter->setClearButtonEnabled(true);
    m_filter->setProperty("small", true);
    m_filter->setMinimumWidth(120);
    m_filter->setMaximumWidth(180);
    tools->addWidget(m_filter);
    top->addWidget(m_tools);
    column->addLayout(top);
    column->addWidget(new Hairline);

    m_view = new QListView;
    m_view->setObjectName(u"caughtView"_s);
    m_view->setModel(m_model);
    m_view->setItemDelegate(new CaughtDelegate(m_view));
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setUniformItemSizes(true);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setAccessibleName(tr("Caught messages"));
    m_view->setMinimumWidth(240);
    m_reader = new MailReader;
    m_reader->setMinimumWidth(280);
    auto* split = new QSplitter(Qt::Horizontal);
    split->addWidget(m_view);
    split->addWidget(m_reader);
    split->setChildrenCollapsible(false);
    split->setStretchFactor(0, 2);
    split->setStretchFactor(1, 3);
    split->setSizes({420, 640});
    m_empty = new EmptyState(u"mail"_s, tr("Nothing has been caught yet."));
    m_emptyLine = makeLabel(LabelKind::Fixed);
    m_emptyLine->setAlignment(Qt::AlignCenter);
    m_emptyLine->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_empty->below()->addWidget(m_emptyLine);
    m_body = new QStackedWidget;
    m_body->addWidget(split);
    m_body->addWidget(m_empty);
    column->addWidget(m_body, 1);
    m_more = new LinkButton;
    m_more->hide();
    column->addWidget(m_more, 0, Qt::AlignLeading);
    m_undo = new UndoBar;
    column->addWidget(m_undo);

    offerActions(m_view, this);
    connect(m_more, &QAbstractButton::clicked, m_loader, &QueueLoader::showMore);
    connect(m_undo, &UndoBar::undone, m_removal, &PendingRemoval::undo);
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_model->setFilter(text);
        showRows();
    });
    connect(m_loader, &QueueLoader::loaded, this, &CaughtPage::showRows);
    connect(m_removal, &PendingRemoval::changed, this, [this] {
        m_model->setHidden(m_removal->hidden());
        m_undo->showRemoved(m_removal->count());
        showRows();
    });
    connect(m_removal, &PendingRemoval::removed, m_loader, &QueueLoader::refreshNow);
    connect(m_removal, &PendingRemoval::failed, this,
            [this](const QString& reason) { tellTrouble(this, tr("Nothing was removed"), reason); });
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this, &CaughtPage::showCurrent);
    connect(m_view, &QListView::activated, m_open, &QAction::trigger);
    showRows();
}

void CaughtPage::makeActions() {
    const auto make = [this](const QString& icon, const QString& text, const QString& key, auto done) {
        auto* action = new QAction(lineIcon(icon), text, this);
        action->setShortcut(QKeySequence(key));
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, done);
        addAction(action);
        return action;
    };
    m_save = make(u"export"_s, tr("Save message…"), u"Ctrl+S"_s, [this] {
        if (const auto* message = current())
            saveMessage(this, m_link, message->ids.first(), message->subject);
    });
    m_remove = make(u"remove"_s, tr("Remove"), u"Del"_s, [this] {
        if (const auto* message = current())
            removeLater(message->ids);
    });
    m_removeAll = make(u"remove"_s, tr("Remove all…"), u"Ctrl+Shift+Del"_s, [this] { askAboutAll(); });
    m_open = make(u"eye"_s, tr("What happened?"), u"Ctrl+I"_s, [this] {
        if (const auto* message = current())
            Q_EMIT messageOpened(message->ids.first());
    });
}

const CaughtMessage* CaughtPage::current() const {
    return m_model->message(m_view->currentIndex());
}

void CaughtPage::shown() {
    m_loader->setActive(true);
}

void CaughtPage::hideEvent(QHideEvent* event) {
    Page::hideEvent(event);
    m_loader->setActive(false);
}

bool CaughtPage::escape() {
    if (m_filter->text().isEmpty())
        return false;
    m_filter->clear();
    m_view->setFocus();
    return true;
}

void CaughtPage::showState(const LinkState& state) {
    if (isEnabled() != state.isThere) {
        setEnabled(state.isThere);
        showRows();
    }
    const auto& status = m_link.status();
    const QString address = listeningAddress(status);
    m_empty->setDetail(!status.catchesMail  ? tr("No rule in smtpd.conf catches mail: messages go on to their relay.")
                       : address.isEmpty() ? tr("Nothing listens at the moment, so nothing can be caught.")
                                           : tr("Send a message to %1 and it appears here. Nothing leaves this computer.")
                                                 .arg(leftToRight(address)));
    m_emptyLine->setVisible(status.catchesMail && !address.isEmpty());
    if (status.catchesMail && !address.isEmpty())
        m_emptyLine->setText(leftToRight(trialCommand(status)));
}

void CaughtPage::showRows() {
    m_model->setRows(m_loader->rows(), m_link.now());
    const int count = m_model->rowCount();
    const auto recipients = static_cast<int>(m_model->allIds().size());
    m_header->setLine(!m_link.isThere()        ? notRunningWords()
                      : !m_loader->wasLoaded() ? tr("Looking for caught mail…")
                      : count == 0           ? tr("Mail that is kept for reading instead of being sent")
                      : !m_loader->isComplete() ? tr("The newest %1 of %2 that are kept for reading; nothing of it is sent")
                                                      .arg(countWords(m_loader->rows().size()), countWords(m_loader->total()))
                      : recipients > count   ? tr("%n message(s) for %1 recipients kept for reading; nothing of it is sent", nullptr, count)
                                                   .arg(countWords(recipients))
                                             : tr("%n message(s) kept for reading; nothing of it is sent", nullptr, count));
    const bool isFiltered = !m_filter->text().isEmpty();
    m_empty->setSentence(isFiltered ? tr("No message matches “%1”.").arg(safeLine(m_filter->text(), 60))
                                    : tr("Nothing has been caught yet."));
    m_tools->setVisible(count > 0 || isFiltered);
    m_removeAll->setEnabled(count > 0);
    if (m_loader->wasLoaded())
        m_body->setCurrentIndex(count > 0 ? 0 : 1);
    m_more->setVisible(!m_loader->isComplete() && !m_removal->isOfAll());
    if (!m_loader->isComplete()) {
        m_more->setText(tr("Showing %1 of %2. Show more").arg(countWords(m_loader->rows().size()), countWords(m_loader->total())));
        m_more->updateGeometry();
    }
    if (count > 0 && !m_view->currentIndex().isValid())
        m_view->setCurrentIndex(m_model->index(0));
    showCurrent();
}

void CaughtPage::showCurrent() {
    const auto* message = current();
    for (QAction* action : {m_save, m_remove, m_open})
        action->setEnabled(message != nullptr);
    if (!message) {
        m_shown.clear();
        return;
    }
    if (m_shown == message->message)
        return;
    m_shown = message->message;
    fetchContent(m_link, message->ids.first(), kMostOctets, this, [this, wanted = m_shown](const FetchedContent& content) {
        if (wanted != m_shown)
            return; // another one was chosen meanwhile
        if (content.error.isEmpty())
            m_reader->showMessage(content.bytes, content.isTruncated());
        else
            m_reader->showTrouble(content.error);
    });
}

void CaughtPage::askAboutAll() {
    const QStringList ids = m_model->allIds(); // those that pass the filter
    if (ids.isEmpty())
        return;
    // Without a filter also those that are not shown, up to the newest that was there now: nobody has seen later ones.
    const bool isEverything = m_filter->text().isEmpty() && !m_loader->isComplete();
    const QString upTo = m_loader->newest();
    const int total = m_loader->total();
    const QString question = isEverything ? tr("Remove all caught messages, for %n recipient(s)?", nullptr, total)
                                          : tr("Remove %n caught message(s)?", nullptr, m_model->rowCount());
    auto* box = new QMessageBox(QMessageBox::NoIcon, window()->windowTitle(), question, QMessageBox::Cancel, this);
    box->setObjectName(u"removeAllQuestion"_s);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(tr("They are deleted from this computer. Messages that wait in the queue stay."));
    const QPushButton* remove = box->addButton(tr("Remove"), QMessageBox::DestructiveRole);
    box->setDefaultButton(QMessageBox::Cancel);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::buttonClicked, this, [=, this](const QAbstractButton* button) {
        if (button == remove && isEverything)
            m_removal->removeAll(u"caught"_s, upTo, ids, total);
        else if (button == remove)
            removeLater(ids);
    });
    box->open();
}

void CaughtPage::removeLater(const QStringList& ids) {
    m_removal->remove(ids);
}

} // namespace postern::window
