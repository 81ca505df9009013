# mmcomp run configs/jigsaw/recipe_small.py --jobs 2
# The road of recipe.py in minutes on a CPU, on made-up comments: vocabularies and models from nothing, two folds.
# Score: see README.md. Weights: none.
title = 'Toxic comments, small: from a table to a submission'
custom_imports = dict(imports=['mmcomp.recipes.stages.jigsaw'])
folds = dict(fold=[0, 1])
families = dict(family=['bert', 'gpt2', 'lstm'])
data = dict(train='@data.train', test='@data.test')
train = dict(train_dataloader=dict(dataset=dict(ann_file=data['train'])), val_dataloader=dict(
    dataset=dict(ann_file=data['train'])), test_dataloader=dict(dataset=dict(ann_file=data['test'])))
pieces = dict(
    bert=dict(tokenizer=dict(file='@pieces')), gpt2=dict(tokenizer=dict(file='@pairs')),
    lstm=dict(tokenizer=dict(vocab='@words')))
stages = dict(
    data=dict(type='MakeJigsaw', train_rows=3000, test_rows=2000, words=600),
    lists=dict(type='PrepareJigsaw', table='@data.train'),
    released=dict(type='PrepareJigsaw', table='@data.released'),
    pieces=dict(type='FitTokenizer', tables=['@data.train', '@data.test'], text_col='comment_text', size=1000),
    pairs=dict(type='FitTokenizer', tables=['@data.train', '@data.test'], text_col='comment_text', size=1000,
               kind='ByteLevelBPE'),
    words=dict(type='FitVocabulary', config='small/lstm.py', also=['@data.test'], options=train),
    # Rows of one text, whatever their labels, are in one fold.
    split=dict(type='Split', ann='@lists.all', folds=2, fold='{fold}', group_list='@lists.groups', matrix=folds))
for family in families['family']:
    own = {loader: dict(dataset=dict(pieces[family], **part['dataset'])) for loader, part in train.items()}
    model = dict(model=dict(backbone=dict(vocab='@words'))) if family == 'lstm' else {}
    held = dict(test_dataloader=dict(dataset=dict(ann_file=data['train'])))
    last = dict(checkpoints=3, weights='exp2')
    stages |= {
        f'{family}_fold': dict(type='Train', config=f'small/{family}.py', ann='@split.train', matrix=folds,
                               options=dict(own, **model)),
        # The last three epochs, weighed 1, 2, 4.
        f'{family}_held': dict(type='Predict', model=f'@{family}_fold', ann='@split.val', options=held, matrix=folds,
                               **last),
        f'{family}_test': dict(type='Predict', model=f'@{family}_fold', matrix=folds, **last),
        f'{family}_oof': dict(type='Ensemble', tables=f'@{family}_held', partial=True, columns=['target']),
        f'{family}': dict(type='Ensemble', tables=f'@{family}_test', columns=['target'])}
# A student of the whole table learns what the BERTs said of rows that they had not seen.
soft = dict(train_dataloader=dict(dataset=dict(
    pieces['bert'], ann_file=data['train'], soft_targets='@teachers', soft_ratio=0.7)))
members = [f'@{family}' for family in families['family']]
stages |= dict(
    first=dict(type='Predict', model='@bert_fold[fold=0]'),
    teachers=dict(type='Ensemble', tables='@bert_held', partial=True),
    student=dict(type='Train', config='small/bert.py', ann='@lists.all', options=dict(
        soft, val_dataloader=dict(dataset=dict(pieces['bert'], ann_file=data['train'])),
        test_dataloader=dict(dataset=dict(pieces['bert'], ann_file=data['test'])))),
    student_test=dict(type='Predict', model='@student', checkpoints=3, weights='exp2'),
    shares=dict(type='Weigh', tables=[f'{member}_oof' for member in members], ann='@lists.truth',
                group_list='@lists.groups', search='coordinate', metric='bias_auc', folds=3),
    published=dict(type='Ensemble', tables=members, weights=[4, 2, 1.5]),
    power=dict(type='Ensemble', tables=members, weights=[4, 2, 1.5], method='power', power=3.5),
    blend=dict(type='Ensemble', tables=members, shares='@shares'),
    submission=dict(type='SubmitScores', predictions='@blend', sample='@data.sample'),
    blend_oof=dict(type='Ensemble', tables=[f'{member}_oof' for member in members], shares='@shares'),
    score_oof=dict(type='Score', truth='@lists.truth', metric='bias_auc', column='target', steps={
        'BERT': '@bert_oof', 'GPT-2': '@gpt2_oof', 'LSTM': '@lstm_oof', 'searched weights': '@blend_oof'}),
    score=dict(type='Score', truth='@released.truth', metric='bias_auc', column='target', steps={
        'a BERT of one fold': '@first',
        'its last three epochs': '@bert_test[fold=0]',
        'BERTs of both folds': '@bert',
        'with GPT-2 and LSTM, published weights': '@published',
        'powers of 3.5': '@power',
        'searched weights, equal ones inside the noise': '@blend'}))
