#include "app/vocabulary/VocabularyActions.h"

#include "app/jobs/VocabularySettings.h"
#include "widgets/Theme.h"

#include <QButtonGroup>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>

namespace tagalign::app {

VocabularyActions::VocabularyActions(QWidget* parent)
    : QWidget(parent),
      m_actions(new QButtonGroup(this)),
      m_textLabel(new QLabel(tr("&by"), this)),
      m_by(new QComboBox(this)),
      m_text(new QComboBox(this)),
      m_nameLabel(new QLabel(this)),
      m_name(new QComboBox(this)),
      m_minimum(new QSpinBox(this)),
      m_preview(new QLabel(this)),
      m_apply(new QPushButton(tr("&Apply"), this))
{
    const QList<std::pair<QString, QString>> actions{
        {tr("&Merge"), tr("The chosen tags become one; later captions follow")},
        {tr("&Roll up"), tr("Images with the chosen tags count as something more general too")},
        {tr("&Split"), tr("A part of the tag's images goes to a tag of its own")},
        {tr("Re&name"), tr("Another name for prompts and people; captions are read as before")},
        {tr("&Drop empty"), tr("Switch off tags that name no thing, such as \"picture\"")},
        {tr("M&inimum"), tr("On how many images a tag must be to be in use")}};
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(widgets::kGrid);
    for (int i = 0; i < actions.size(); ++i) {
        auto* button = new QPushButton(actions.at(i).first, this);
        button->setToolTip(actions.at(i).second);
        button->setCheckable(true);
        button->setAutoDefault(false);
        m_actions->addButton(button, i);
        buttons->addWidget(button);
    }
    buttons->addStretch();
    m_by->addItems({tr("the words it was read in"), tr("a word of the caption")});
    m_by->setAccessibleName(tr("Split by"));
    for (QComboBox* field : {m_text, m_name}) {
        field->setEditable(true);
        field->setInsertPolicy(QComboBox::NoInsert);
        field->setMinimumContentsLength(18);
        connect(field, &QComboBox::editTextChanged, this, &VocabularyActions::changed);
        connect(field->lineEdit(), &QLineEdit::returnPressed, this, [this] {
            if (m_apply->isEnabled()) {
                Q_EMIT applied();
            }
        });
    }
    m_text->setAccessibleName(tr("Words"));
    m_nameLabel->setBuddy(m_name);
    m_textLabel->setBuddy(m_by);
    m_minimum->setRange(1, kGreatestMinimum);
    m_minimum->setAccessibleName(tr("Least images of a tag in use"));
    m_preview->setTextFormat(Qt::PlainText);
    m_preview->setWordWrap(true);
    m_apply->setAutoDefault(false);
    auto* fields = new QHBoxLayout;
    fields->setSpacing(widgets::kGrid);
    for (QWidget* field :
         QList<QWidget*>{m_textLabel, m_by, m_text, m_nameLabel, m_name, m_minimum}) {
        fields->addWidget(field);
    }
    fields->addWidget(m_preview, 1);
    fields->addWidget(m_apply);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(buttons);
    layout->addLayout(fields);
    connect(m_actions, &QButtonGroup::idClicked, this, [this] { showFields(); });
    connect(m_by, qOverload<int>(&QComboBox::currentIndexChanged), this,
            &VocabularyActions::changed);
    connect(m_minimum, qOverload<int>(&QSpinBox::valueChanged), this, &VocabularyActions::changed);
    connect(m_apply, &QPushButton::clicked, this, &VocabularyActions::applied);
    choose(kMerge);
}

VocabularyActions::Action VocabularyActions::action() const
{
    return Action(m_actions->checkedId());
}

void VocabularyActions::choose(Action action)
{
    m_actions->button(action)->setChecked(true);
    showFields();
}

void VocabularyActions::showFields()
{
    const Action now = action();
    for (QWidget* field : QList<QWidget*>{m_textLabel, m_by, m_text}) {
        field->setVisible(now == kSplit);
    }
    const bool hasName = now <= kRename;
    m_nameLabel->setVisible(hasName);
    m_name->setVisible(hasName);
    m_nameLabel->setText(now == kMerge    ? tr("in&to")
                         : now == kRollUp ? tr("&to")
                         : now == kSplit  ? tr("&to the tag")
                                          : tr("&to"));
    m_name->setAccessibleName(m_nameLabel->text().remove(QLatin1Char('&')));
    m_minimum->setVisible(now == kMinimum);
    fill();
    Q_EMIT actionChosen();
}

void VocabularyActions::setTags(const QList<db::Tag>& chosen)
{
    const bool isSame = !chosen.isEmpty() &&
                        std::equal(chosen.begin(), chosen.end(), m_chosen.begin(), m_chosen.end(),
                                   [](const db::Tag& now, const db::Tag& before) {
                                       return now.id == before.id && now.display == before.display;
                                   });
    m_chosen = chosen;
    if (isSame) {
        Q_EMIT changed();
    } else {
        fill();
    }
}

void VocabularyActions::startAnew()
{
    m_chosen.clear();
    fill();
}

void VocabularyActions::fill()
{
    QStringList names;
    for (const db::Tag& tag : std::as_const(m_chosen)) {
        names.append(tag.display);
    }
    {
        const QSignalBlocker quiet(m_name);
        m_name->clear();
        m_text->clear();
        if (action() == kMerge) {
            m_name->addItems(names);
        } else if (action() == kRename && names.size() == 1) {
            m_name->setEditText(names.first());
        } else {
            m_name->clearEditText();
        }
    }
    Q_EMIT changed();
}

void VocabularyActions::setMinimum(int images)
{
    const QSignalBlocker quiet(m_minimum);
    m_minimum->setValue(images);
}

void VocabularyActions::setName(const QString& name)
{
    m_name->setEditText(name);
}

void VocabularyActions::offerNames(const QStringList& names)
{
    const QSignalBlocker quiet(m_name);
    const QString typed = m_name->currentText();
    m_name->clear();
    m_name->addItems(names);
    if (typed.isEmpty() && !names.isEmpty()) {
        m_name->setCurrentIndex(0);
    } else {
        m_name->setEditText(typed);
    }
}

void VocabularyActions::offerWords(const QStringList& words)
{
    const QSignalBlocker quiet(m_text);
    const QString typed = m_text->currentText();
    m_text->clear();
    m_text->addItems(words);
    m_text->setEditText(typed);
}

void VocabularyActions::setPreview(const QString& sentence, bool canApply)
{
    m_preview->setText(sentence);
    m_apply->setEnabled(canApply);
}

QList<db::TagId> VocabularyActions::ids() const
{
    QList<db::TagId> ids;
    for (const db::Tag& tag : m_chosen) {
        ids.append(tag.id);
    }
    return ids;
}

Split VocabularyActions::split() const
{
    return {m_chosen.first().id,
            m_by->currentIndex() == 0 ? db::SplitBy::Words : db::SplitBy::Caption,
            m_text->currentText().simplified(), m_name->currentText().simplified()};
}

QString VocabularyActions::missing() const
{
    const bool hasName = !m_name->currentText().simplified().isEmpty();
    switch (action()) {
    case kMerge:
        return m_chosen.size() < 2 ? tr("Choose two tags or more.") : QString();
    case kRollUp:
        return m_chosen.isEmpty() ? tr("Choose tags.")
               : hasName          ? QString()
                                  : tr("Say what they count as.");
    case kSplit:
        return m_chosen.size() != 1                           ? tr("Choose one tag.")
               : m_text->currentText().simplified().isEmpty() ? tr("Say by which words.")
                                                              : QString();
    case kRename:
        return m_chosen.size() != 1 ? tr("Choose one tag.")
               : !hasName           ? tr("Write a name.")
                                    : QString();
    default:
        return {};
    }
}

std::optional<VocabularyActions::Work> VocabularyActions::preview() const
{
    if (!missing().isEmpty()) {
        return std::nullopt;
    }
    switch (action()) {
    case kMerge:
        return
            [tags = ids()](const db::Database& database) { return previewMerge(database, tags); };
    case kRollUp:
        return [tags = ids(), parent = m_name->currentText()](const db::Database& database) {
            return previewRollUp(database, tags, parent);
        };
    case kSplit:
        return
            [part = split()](const db::Database& database) { return previewSplit(database, part); };
    case kDropEmpty:
        return previewDropEmpty;
    case kMinimum:
        return [images = m_minimum->value()](const db::Database& database) {
            return previewMinimum(database, images);
        };
    default:
        return [text = tr("%n images keep it under its new name.", nullptr,
                          m_chosen.first().images)](const db::Database&) { return text; };
    }
}

std::optional<VocabularyActions::Work> VocabularyActions::work() const
{
    if (!missing().isEmpty()) {
        return std::nullopt;
    }
    const QString name = m_name->currentText().simplified();
    switch (action()) {
    case kMerge: {
        const auto named =
            std::find_if(m_chosen.begin(), m_chosen.end(),
                         [&name](const db::Tag& tag) { return tag.display == name; });
        const bool isNew = named == m_chosen.end();
        return [tags = ids(), kept = isNew ? m_chosen.first().id : named->id,
                name = isNew ? name : QString()](const db::Database& database) {
            return mergeTags(database, tags, kept, name);
        };
    }
    case kRollUp:
        return [tags = ids(), name](const db::Database& database) {
            return rollUpTags(database, tags, name);
        };
    case kSplit:
        return [part = split()](const db::Database& database) { return splitTag(database, part); };
    case kRename:
        return [tag = m_chosen.first().id, name](const db::Database& database) {
            return renameTag(database, tag, name);
        };
    case kDropEmpty:
        return dropEmptyTags;
    default:
        return [images = m_minimum->value()](const db::Database& database) {
            return changeMinimum(database, images);
        };
    }
}

} // namespace tagalign::app
