# mmcomp run configs/wechat/recipe_small.py --jobs 2
# The whole road on made-up videos with models of some 100,000 weights: pre-training, fine-tuning, averages of the best
# checkpoints, pseudo labels, fusion, boost, result.csv. Four minutes of a core. Score: 0.952, one run. Weights: none.
title = 'Video and text: from made-up files to result.csv'
custom_imports = dict(imports=['mmcomp.recipes.stages.wechat'])
score = 'mmcomp.competitions.wechat.scoring:SCORE'
leaves = [9, 5, 9, 6, 6, 3]
width, words = 48, 209
bert = dict(name_or_path=None, config=dict(
    model_type='bert', vocab_size=words, hidden_size=width, num_hidden_layers=2, num_attention_heads=4,
    intermediate_size=96, max_position_embeddings=64))
frames = dict(in_channels=64, out_channels=width)
decoder = dict(channels=width, num_layers=1, heads=4, ffn_channels=96)
head = dict(num_classes=38, in_channels=width)
single = dict(encoders=dict(text=bert, frames=frames), fusion=bert, head=head)
double = dict(encoders=dict(text=bert, frames=frames), fusion=decoder, head=head)
masked = dict(type='MaskedLanguageModeling', in_channels=width, vocab_size=words, mask_id=4,
              special_ids=[0, 1, 2, 3, 4])
single_tasks = dict(encoders=single['encoders'], fusion=bert, tasks=[
    masked, dict(type='MaskedFrameModeling', in_channels=width, probability=0.135, weight=1 / 3),
    dict(type='ImageTextMatching', in_channels=width)])
double_tasks = dict(encoders=double['encoders'], fusion=decoder, tasks=[
    dict(masked, alone=True, distill=True),
    dict(type='ContrastiveAlignment', in_channels=width, out_channels=width, queue_size=1024, temperature=0.07),
    dict(type='ImageTextMatching', in_channels=width, negatives='hard', part='frames', pooling='mean', logits=2)])
# Every file is read by every data set; lists say which videos count.
videos = dict(
    type='WeChatDataset', data_root='@data.root', leaves=leaves, no_frames='empty', feature_width=64,
    tokenizer=dict(type='WordPiece', vocab='@data.vocab'),
    ann_file=['annotations/labeled.json', 'annotations/unlabeled.json', 'annotations/test.json'],
    feature_zip=['zip_feats/labeled.zip', 'zip_feats/unlabeled.zip', 'zip_feats/test.zip'])
ending = [dict(type='AssembleText', max_length=48), dict(type='PackModalities')]
train_set = dict(_delete_=True, pipeline=[dict(type='SampleFrames', max_frames=8, choice='random'), *ending], **videos)
test_set = dict(_delete_=True, pipeline=[dict(type='SampleFrames', max_frames=8), *ending], **videos)
alone = dict(num_workers=0, persistent_workers=False)
models, members = dict(model=['single', 'double']), dict(member=['single', 'double', 'student'])
average = dict(type='EMAHook', ema_type='ForeachMovingAverage', momentum=0.02)
fine_tuning = dict(
    train_dataloader=dict(dataset=train_set, **alone), val_dataloader=dict(dataset=test_set, **alone),
    test_dataloader=dict(dataset=test_set, **alone), val_evaluator=dict(leaves=leaves),
    test_evaluator=dict(leaves=leaves),
    optim_wrapper=dict(optimizer=dict(lr=2e-3),
                       paramwise_cfg=dict(rates={r'^encoders\.text\.': 2e-3, r'^fusion\.': 2e-3})),
    param_scheduler=[
        dict(type='LinearLR', start_factor=1e-3, end=25, by_epoch=False),
        dict(type='PolyLR', power=1.0, eta_min=0.0, begin=25, end=400, by_epoch=False)],
    train_cfg=dict(max_iters=400, val_begin=200, val_interval=20),
    default_hooks=dict(checkpoint=dict(interval=20, save_begin=200, save_best=None)),
    custom_hooks=[average, dict(type='AdversarialTrainingHook', method='FGM', key='word_embeddings', eps=0.3)])
corpus = dict(label_key=None, pipeline=train_set['pipeline'], **videos)
pretraining = dict(
    train_dataloader=dict(dataset=dict(datasets=[
        dict(id_list='@data.unlabeled', **corpus), dict(id_list='@split.train', **corpus)]), **alone),
    optim_wrapper=dict(optimizer=dict(lr=2e-3)), train_cfg=dict(max_epochs=6),
    param_scheduler=[dict(type='LinearLR', start_factor=1e-3, end=20, by_epoch=False)])
defaults = dict(Predict=dict(ann='@data.test'), Train=dict(ann='@inner.train', val='@inner.val'),
                Soup=dict(top=4, by='wechat/score'))
stages = dict(
    data=dict(type='WeChatTwin', leaves=leaves, labeled=1000, unlabeled=3000, test=1500, telling=0.25, common=120),
    # A fifth judges weights and boost; an eighth of the rest chooses checkpoints.
    split=dict(type='Split', ann='@data.labeled', folds=5, fold=0, seed=2022),
    inner=dict(type='Split', ann='@split.train', folds=8, fold=0, seed=2022),
    # Masked words, masked frames and wrong pairs on all videos; then the labels.
    single_pretrain=dict(type='Pretrain', config='single-pretrain.py', options=dict(model=single_tasks, **pretraining)),
    single=dict(type='Train', config='single-fixed.py', start='@single_pretrain.weights',
                options=dict(model=single, **fine_tuning)),
    single_soup=dict(type='Soup', model='@single'),
    double_pretrain=dict(type='Pretrain', config='double-pretrain.py', options=dict(model=double_tasks, **pretraining)),
    double=dict(type='Train', config='double-fixed.py', start='@double_pretrain.weights',
                options=dict(model=double, **fine_tuning)),
    double_soup=dict(type='Soup', model='@double'),
    # Both label the other videos; a pupil learns from those that they agree on, then again from people's labels.
    teacher=dict(type='Predict', model='@{model}_soup', ann='@data.unlabeled', matrix=models),
    teachers=dict(type='Ensemble', tables='@teacher'),
    pseudo=dict(type='PseudoLabel', table='@teachers', members='@teacher', ann='@inner.train', keep=0.8,
                min_agreement=1.0, prefix=''),
    pupil=dict(type='Train', config='single-fixed.py', ann='@pseudo', start='@single_pretrain.weights',
               options=dict(model=single, **fine_tuning)),
    student=dict(type='Train', config='single-fixed.py', start='@pupil.weights', options=dict(
        model=dict(single, init_cfg=dict(subtrees=['encoders', 'fusion', 'head'])), **fine_tuning)),
    student_soup=dict(type='Soup', model='@student'),
    # Fused by weights found on the held-back fifth, which also says how much rare classes are raised.
    val=dict(type='Predict', model='@{member}_soup', ann='@split.val', matrix=members),
    test=dict(type='Predict', model='@{member}_soup', matrix=members),
    weights=dict(type='Weigh', tables='@val', ann='@split.val', search='simplex', metric=score),
    fused_val=dict(type='Ensemble', tables='@val', shares='@weights'),
    fused=dict(type='Ensemble', tables='@test', shares='@weights'),
    boost=dict(type='Boost', table='@fused', ann='@split.train', judge='@fused_val', truth='@split.val', metric=score),
    submission=dict(type='WeChatResult', predictions='@boost', test='@data.test', leaves=leaves),
    score=dict(type='Score', truth='@data.truth', classes='@data.classes', metric=score, steps={
        'single stream': '@test[member=single]', 'double stream': '@test[member=double]',
        'single stream, student of both': '@test[member=student]', 'fused': '@fused',
        'rare classes raised': '@boost'}))
